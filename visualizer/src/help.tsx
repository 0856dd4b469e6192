import { useRef } from "react";
import { Icon } from "./icons.js";

const KEYS: [string, string][] = [
  ["/", "find a state"],
  ["← ↑ → ↓", "go about in the chart: out, before, into, after"],
  ["Enter", "open or close the selected box"],
  ["e, a, c", "open all actions, open everything, close all"],
  ["f, +, -", "fit, zoom in, zoom out"],
  ["[ ]", "event before, next event"],
  ["p", "play, pause"],
  ["Home, End", "to the beginning, to the end (and follow it)"],
  ["t", "colours"],
];

export function HelpButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" title="Keys" aria-label="Keys" onClick={() => dialog.current?.showModal()}>
        <Icon name="help" />
      </button>
      <dialog ref={dialog} aria-label="Keys">
        <h2>Keys</h2>
        <table>
          <tbody>
            {KEYS.map(([key, what]) => (
              <tr key={key}>
                <th>
                  <kbd>{key}</kbd>
                </th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}
