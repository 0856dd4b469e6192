/** A goal's line: `met` is left out when there was nothing to compare with. */
export const goal = (text, value, limit, met) => ({ text, value, limit, met });
export const ratio = (value) => `${value.toFixed(2)} x`;
export const noPeer = (text) => goal(text, "peer not available");
