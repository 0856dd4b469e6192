import { useEffect, useRef } from "react";
import type { Span } from "../../src/visualize/timeline.js";
import { Icon } from "./icons.js";
import { clockText } from "./times.js";
import { useTheViewer, useViewer } from "./viewer.js";

const LANES = 4;
const LANE = 9;
const SPEEDS = [0.25, 1, 4, 16, 64];

/** Time: play, step, and the whole run as a strip in which one can point at any moment. */
export function Scrubber() {
  const viewer = useTheViewer();
  const playing = useViewer(({ playing }) => playing);
  const speed = useViewer(({ speed }) => speed);
  const live = useViewer(({ live }) => live);
  const atEnd = useViewer(({ atEnd }) => atEnd);
  useClock();
  const play = () => {
    if (!playing && viewer.t >= viewer.end - 1) viewer.seek(viewer.start);
    viewer.set({ playing: !playing, follow: true });
  };
  return (
    <div className="scrubber">
      <div className="transport">
        <button type="button" aria-label="Event before ([)" title="Event before ([)" onClick={() => viewer.step(-1)}>
          <Icon name="back" />
        </button>
        <button
          type="button"
          className="play"
          aria-label={playing ? "Pause (p)" : "Play (p)"}
          title={playing ? "Pause (p)" : "Play (p)"}
          onClick={play}
        >
          <Icon name={playing ? "pause" : "play"} />
        </button>
        <button type="button" aria-label="Next event (])" title="Next event (])" onClick={() => viewer.step(1)}>
          <Icon name="next" />
        </button>
        <select
          aria-label="Speed"
          value={speed}
          onChange={(event) => viewer.set({ speed: Number(event.target.value) })}
        >
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              ×{value}
            </option>
          ))}
        </select>
        <Now />
        {live && (
          <button
            type="button"
            className={atEnd ? "live on" : "live"}
            aria-pressed={atEnd}
            onClick={() => viewer.toEnd()}
          >
            Live
          </button>
        )}
      </div>
      <Strip />
    </div>
  );
}

function Now() {
  const now = useViewer(({ t, start }) => clockText(t - start));
  const end = useViewer((viewer) => clockText(viewer.end - viewer.start));
  return (
    <output className="now" aria-label="Time of the run">
      <b>{now}</b> / {end}
    </output>
  );
}

/** Moves time on: at the chosen speed while playing, with the wall clock while a live run is followed. */
function useClock() {
  const viewer = useTheViewer();
  const playing = useViewer(({ playing }) => playing);
  const following = useViewer(({ live, atEnd }) => live && atEnd);
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function go(now) {
      viewer.seek(viewer.t + (now - last) * viewer.speed);
      last = now;
      if (viewer.t >= viewer.end && !viewer.live) viewer.set({ playing: false });
      else frame = requestAnimationFrame(go);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, viewer]);
  useEffect(() => {
    if (!following) return;
    const timer = setInterval(() => viewer.tick(Date.now()), 250);
    return () => clearInterval(timer);
  }, [following, viewer]);
}

function Strip() {
  const viewer = useTheViewer();
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const records = useViewer(({ timeline }) => timeline.records.length);
  const end = useViewer(({ live, end }) => (live ? Math.ceil(end / 500) : end));
  const theme = useViewer(({ theme }) => theme);
  const part = useViewer(({ t, start, end }) => (t - start) / (end - start));
  const selected = useViewer(({ selected }) => selected);
  const painted = useViewer(({ painted }) => painted);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the timeline grows in place; its length and end say so
  useEffect(() => {
    if (!painted) return;
    const paint = () => canvas.current && box.current && drawStrip(canvas.current, box.current, viewer);
    paint();
    const resize = new ResizeObserver(paint);
    if (box.current) resize.observe(box.current);
    return () => resize.disconnect();
  }, [records, end, theme, viewer, selected, painted]);

  return (
    <div className="strip" ref={box}>
      <canvas ref={canvas} />
      <div className="playhead" style={{ left: `${part * 100}%` }} />
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={clockText(viewer.t - viewer.start)}
        min={0}
        max={1}
        step="any"
        value={part || 0}
        onChange={(event) => {
          viewer.set({ playing: false });
          viewer.seek(viewer.start + Number(event.target.value) * (viewer.end - viewer.start));
        }}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          viewer.step(by);
        }}
      />
    </div>
  );
}

function drawStrip(canvas: HTMLCanvasElement, box: HTMLElement, viewer: ReturnType<typeof useTheViewer>) {
  const { clientWidth: width, clientHeight: height } = box;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  pen.scale(ratio, ratio);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  const { start, end, timeline } = viewer;
  const x = (t: number) => ((t - start) / (end - start)) * width;
  const chosen = viewer.selected === undefined ? undefined : viewer.graph.nodes.get(viewer.selected)?.level;
  const colourOf = ({ status, attempt, depth }: Span) => {
    if (status === "failed") return colour("failed");
    if (status === "running") return colour("active");
    if (attempt > 1) return colour("retry");
    return depth % 2 ? colour("done-soft") : colour("done");
  };
  for (const span of timeline.spans) {
    if (span.depth >= LANES) continue;
    const left = x(span.start);
    const right = Math.max(left + 1.5, x(span.end ?? end) - 0.5);
    pen.fillStyle = colourOf(span);
    pen.fillRect(left, 3 + span.depth * LANE, right - left, LANE - 2);
    if (span.level === chosen) {
      pen.strokeStyle = colour("text");
      pen.strokeRect(left - 0.5, 2.5 + span.depth * LANE, right - left + 1, LANE - 1);
    }
  }
  const y = 3 + LANES * LANE;
  for (const { t, result } of timeline.results) {
    if (result.definition === "lava") continue;
    pen.fillStyle = colour(result.result === "pass" ? "done" : result.result === "fail" ? "failed" : "retry");
    pen.beginPath();
    // Not by colour alone: what did not pass is a triangle.
    if (result.result === "pass") pen.arc(x(t), y + 4, 2.5, 0, 7);
    else {
      pen.moveTo(x(t), y);
      pen.lineTo(x(t) + 4, y + 7);
      pen.lineTo(x(t) - 4, y + 7);
    }
    pen.fill();
  }
}
