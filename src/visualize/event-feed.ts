/** The server's side of a WebSocket that only tells (RFC 6455): texts go out; of what comes in, only its end matters. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { drained } from "./drained.js";

export interface Feed {
  /** Resolves when the reader has room again. */
  send(text: string): Promise<void>;
  close(): void;
  /** Aborts when the reader is gone. */
  readonly signal: AbortSignal;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
/** Control frames have at most 125 bytes; nothing longer is expected of a reader. */
const LARGEST = 64 << 10;

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** Takes an upgrade request; undefined (and the request refused) when it is none that can be taken. */
export function acceptFeed({ headers }: IncomingMessage, socket: Duplex): Feed | undefined {
  const key = headers["sec-websocket-key"];
  if (headers.upgrade?.toLowerCase() !== "websocket" || headers["sec-websocket-version"] !== "13" || !key) {
    socket.end(
      "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    return undefined;
  }
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const gone = new AbortController();
  const { signal } = gone;
  const close = () => {
    if (!signal.aborted && !socket.destroyed) socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8])));
    gone.abort();
  };
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (let next = readFrame(pending); next; next = readFrame(pending)) {
      pending = pending.subarray(next.length);
      if (next.opcode === CLOSE) close();
      else if (next.opcode === PING && !signal.aborted) socket.write(frame(PONG, next.payload));
    }
    if (pending.length > LARGEST) socket.destroy();
  });
  socket.on("close", () => gone.abort());
  socket.on("error", () => gone.abort());
  return {
    signal,
    close,
    async send(text) {
      if (!signal.aborted && !socket.write(frame(TEXT, Buffer.from(text)))) await drained(socket, signal);
    },
  };
}

function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const opcode = (bytes[0] as number) & 0x0f;
  const masked = ((bytes[1] as number) & 0x80) !== 0;
  let size = (bytes[1] as number) & 0x7f;
  let at = 2;
  if (size === 126) {
    if (bytes.length < 4) return undefined;
    size = bytes.readUInt16BE(2);
    at = 4;
  } else if (size === 127) {
    if (bytes.length < 10) return undefined;
    size = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const start = at + (masked ? 4 : 0);
  if (bytes.length < start + size) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + size));
  if (masked) for (let i = 0; i < size; i++) payload[i] = (payload[i] as number) ^ (bytes[at + (i % 4)] as number);
  return { opcode, payload, length: start + size };
}
