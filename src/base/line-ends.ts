/**
 * Line ends in what programs and boards print, found in one pass: without the look behind, a search would go through a run
 * of carriage returns again from each of them.
 */

/** The end of a line, with all carriage returns before it. */
export const LINE_END = /(?<!\r)\r*\n/;

/** The text without the line ends at its end. */
export const withoutLineEnds = (text: string): string => text.replace(/(?<![\r\n])[\r\n]+$/, "");

/** The text without the carriage returns at its end. */
export const withoutReturns = (text: string): string => text.replace(/(?<!\r)\r+$/, "");
