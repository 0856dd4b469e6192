/** Whether a URL can be downloaded, before anything is. */
import { BadStatus, type HttpContext, type HttpRequest, pause, RETRIED, send } from "./http-request.js";

const RETRIES = 9;

/** What a server says of a URL before anything is downloaded. */
export interface HttpCheck {
  /** 2xx when the file is there. */
  status: number;
  message: string;
}

/**
 * Asks whether the file is there: HEAD, and GET where a server does not do HEAD properly (spec pipeline.md §6).
 * @throws InfrastructureError when the server cannot be reached or goes on failing.
 */
export async function checkUrl(request: HttpRequest, context: HttpContext): Promise<HttpCheck> {
  const ask = async (method: "GET" | "HEAD") => {
    for (let failures = 0; ; ) {
      try {
        const response = await send(request, method, method === "GET" ? { range: "bytes=0-0" } : {}, context);
        response.close();
        const { status, message, headers } = response;
        if (!RETRIED.has(status)) return { status: status === 416 ? 200 : status, message };
        throw new BadStatus(status, message, headers["retry-after"]);
      } catch (error) {
        await pause(++failures, RETRIES, error, request.url, context);
      }
    }
  };
  const head = await ask("HEAD");
  if (head.status >= 200 && head.status < 300) return head;
  context.log.debug(`HEAD is answered with ${head.status}: trying GET`);
  return ask("GET");
}
