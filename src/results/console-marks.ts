/** How console.cast tells several consoles apart. */

/** What a marker begins with that names the console of what follows. */
export const CONSOLE_MARK = "console ";
/** The console before the first marker: that of the namespace that jobs have which name none. */
export const FIRST_CONSOLE = "common";
