const ENTITIES: { [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

/** As markupsafe escapes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>'"]/g, (character) => ENTITIES[character]!);
