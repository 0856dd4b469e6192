/** Certificates for the tests' own HTTPS servers. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Makes one for `localhost` that only itself vouches for, in `folder`; `authority`: its file. Needs openssl. */
export function makeCertificate(folder: string): { key: Buffer; cert: Buffer; authority: string } {
  const authority = join(folder, "authority.pem");
  const key = join(folder, "key.pem");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", authority],
    ],
    { stdio: "ignore" },
  );
  return { key: readFileSync(key), cert: readFileSync(authority), authority };
}
