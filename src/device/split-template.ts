/** Splits a template file: the front matter stands between two lines `---`. Both parts keep their lines. */
export function splitTemplate(text: string): { front: string; body: string } {
  const matter = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*\r?$\n?/m.exec(text);
  if (matter?.index !== 0) return { front: "{}", body: text };
  const [head, front] = matter;
  return { front: `\n${front}`, body: head.replace(/[^\n]+/g, "") + text.slice(head.length) };
}
