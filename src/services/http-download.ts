import { DispatchError, InfrastructureError, JobError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { cachedUrl } from "./download/cache-url.js";
import { checkDownloadInput, download, downloadPrograms, type Source } from "./download/download.js";
import { checkUrl } from "./download/http-check.js";
import { HttpTransfer } from "./download/http-transfer.js";
import { type DownloadInput, readDownloadInput, shownUrl } from "./download/local-file.js";
import type { Service, ServiceContext } from "./types.js";

/** Opens the cache's copy where one is configured and allowed, else the origin. */
async function open(input: DownloadInput, context: ServiceContext): Promise<Source> {
  const transfer = async (url: string): Promise<Source> => {
    const transfer = new HttpTransfer({ url, headers: input.headers }, context);
    const bytes = await transfer.open();
    return { bytes, total: transfer.total };
  };
  const cached = input.useCache ? cachedUrl(input.url, context.dispatcher) : undefined;
  if (!cached) return transfer(input.url);
  context.log.debug(`using the cache: ${shownUrl(cached)}`);
  try {
    return await transfer(cached);
  } catch (error) {
    if (!context.dispatcher.http_cache_fallback_origin_url || !(error instanceof InfrastructureError)) throw error;
    context.log.warning(`the cache failed, asking the origin: ${error.message}`);
    return transfer(input.url);
  }
}

/** Problems of the request itself. A header's value is never told. */
async function checkRequest({ url, headers }: DownloadInput): Promise<void> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new JobError(`'${shownUrl(url)}' is not a valid URL`);
  const { validateHeaderName, validateHeaderValue } = await import("node:http");
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new JobError(`The header '${name}' for '${shownUrl(url)}' is not valid in HTTP`);
    }
  }
}

/** Downloads over HTTP(S). */
export const httpDownload: Service = {
  name: "http-download",
  programs: downloadPrograms,

  async validate(raw: JsonMap, context) {
    const problems = checkDownloadInput(raw, context);
    if (problems.length > 0) return problems;
    const input = readDownloadInput(raw, context);
    try {
      await checkRequest(input);
      const cached = input.useCache ? cachedUrl(input.url, context.dispatcher) : undefined;
      context.log.debug(`Checking that ${shownUrl(input.url)} exists`);
      const ask = (url: string) => checkUrl({ url, headers: input.headers }, context);
      let { status, message } = await ask(cached ?? input.url);
      if (cached && (status < 200 || status > 299) && context.dispatcher.http_cache_fallback_origin_url)
        ({ status, message } = await ask(input.url));
      if (status >= 200 && status <= 299) return [];
      return [
        new JobError(
          `Nothing can be downloaded from '${shownUrl(input.url)}': the server answered ${status} ${message}`.trimEnd(),
          {
            advice:
              status === 401 || status === 403
                ? "The server wants credentials: give them as `headers` of this download."
                : "Check the URL in the job: the file may have been moved or removed.",
          },
        ),
      ];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(raw, context) {
    await checkRequest(readDownloadInput(raw, context));
    return download(raw, context, open);
  },
};
