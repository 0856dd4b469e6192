import { afterAll, beforeAll } from "vitest";
import { type RealBoard, startRealBoard } from "./real-board.js";
import { makeWorkspace, removeWorkspace } from "./workspace.js";

/** A folder and a board for the tests of the block around the call: there from its first test to its last. */
export function boardForTests(name = "board"): { folder: string; board: RealBoard } {
  const folder = makeWorkspace();
  const board = {} as RealBoard;
  beforeAll(async () => {
    Object.assign(board, await startRealBoard({ folder, name }));
  });
  afterAll(async () => {
    await board.destroy();
    removeWorkspace(folder);
  });
  return { folder, board };
}
