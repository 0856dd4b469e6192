import type { Point } from "./elk-layout.js";

/** An SVG path along these points, its corners rounded. */
export function roundedPath(points: Point[], radius = 6): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, i) => {
    const before = points[i] as Point;
    const after = rest[i + 1];
    if (!after) {
      path += `L${point.x} ${point.y}`;
      return;
    }
    const r = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
    const [a, b] = [towards(point, before, r), towards(point, after, r)];
    path += `L${a.x} ${a.y}Q${point.x} ${point.y} ${b.x} ${b.y}`;
  });
  return path;
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
const round = (value: number) => Math.round(value * 10) / 10;
function towards(from: Point, to: Point, by: number): Point {
  const all = distance(from, to) || 1;
  return { x: round(from.x + ((to.x - from.x) * by) / all), y: round(from.y + ((to.y - from.y) * by) / all) };
}
