/** All services, by their names in machines/. To add one: write its file, name it here (docs/machines.md "Services"). */
import { appendOverlays } from "./append-overlays.js";
import { checkSizes } from "./check-sizes.js";
import { connect } from "./connect.js";
import { fileDownload } from "./file-download.js";
import { guestOverlay } from "./guest-overlay.js";
import { httpDownload } from "./http-download.js";
import { httpServer } from "./http-server.js";
import { mediaPlaceholders } from "./media-placeholders.js";
import { qemuStart } from "./qemu-start.js";
import { readFeedback } from "./read-feedback.js";
import { runCommands } from "./run-commands.js";
import { scpDownload } from "./scp-download.js";
import { testDefinitionGit } from "./test-definition-git.js";
import { testDefinitionUrl } from "./test-definition-url.js";
import { tftpDirectory } from "./tftp-directory.js";
import type { Service, ServiceRegistry } from "./types.js";

const all: readonly Service[] = [
  appendOverlays,
  checkSizes,
  connect,
  fileDownload,
  guestOverlay,
  httpDownload,
  httpServer,
  mediaPlaceholders,
  qemuStart,
  readFeedback,
  runCommands,
  scpDownload,
  testDefinitionGit,
  testDefinitionUrl,
  tftpDirectory,
];

export const services: ServiceRegistry = Object.fromEntries(all.map((service) => [service.name, service]));
