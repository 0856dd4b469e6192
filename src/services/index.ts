/** All services, by their names in machines/. To add one: write its file, name it here (docs/machines.md "Services"). */
import { adbOverlay } from "./adb-overlay.js";
import { appendOverlays } from "./append-overlays.js";
import { archiveExtract } from "./archive-extract.js";
import { archiveOverlay } from "./archive-overlay.js";
import { bootloaderSubstitute } from "./bootloader-substitute.js";
import { captureOutput } from "./capture-output.js";
import { checkAbsent } from "./check-absent.js";
import { checkSizes } from "./check-sizes.js";
import { cloudMachine } from "./cloud-machine.js";
import { connect } from "./connect.js";
import { containerConsole } from "./container-console.js";
import { containerImage } from "./container-image.js";
import { containerStart } from "./container-start.js";
import { containerSteps } from "./container-steps.js";
import { copyFiles } from "./copy-files.js";
import { copyToDisk } from "./copy-to-disk.js";
import { decide } from "./decide.js";
import { deviceEnvironmentService } from "./device-environment.js";
import { diagnoseConsole } from "./diagnose-console.js";
import { disconnect } from "./disconnect.js";
import { dispatcherAddress } from "./dispatcher-address.js";
import { dockerShell } from "./docker-shell.js";
import { dockerTestEnvironmentService } from "./docker-test-environment.js";
import { downloadItems } from "./download-items.js";
import { emptyImage } from "./empty-image.js";
import { fastbootDetect } from "./fastboot-detect.js";
import { fastbootEnter } from "./fastboot-enter.js";
import { fileDownload } from "./file-download.js";
import { findProgramService } from "./find-program.js";
import { fitImage } from "./fit-image.js";
import { flashCommands } from "./flash-commands.js";
import { guestOverlay } from "./guest-overlay.js";
import { httpDownload } from "./http-download.js";
import { httpRequest } from "./http-request.js";
import { httpServer } from "./http-server.js";
import { installerPrepare } from "./installer-prepare.js";
import { isoExtract } from "./iso-extract.js";
import { kernelPrepare } from "./kernel-prepare.js";
import { mediaPlaceholders } from "./media-placeholders.js";
import { modulesExtract } from "./modules-extract.js";
import { mountDevice } from "./mount-device.js";
import { multinodeOverlay } from "./multinode-overlay.js";
import { nbdServer } from "./nbd-server.js";
import { nfsCheck } from "./nfs-check.js";
import { nfsOverlay } from "./nfs-overlay.js";
import { overlayApply } from "./overlay-apply.js";
import { overlayCompress } from "./overlay-compress.js";
import { overlayDirectory } from "./overlay-directory.js";
import { preDownloaded } from "./pre-downloaded.js";
import { preseedComplete } from "./preseed-complete.js";
import { promptSession } from "./prompt-session.js";
import { qemuStart } from "./qemu-start.js";
import { ramdiskCompress } from "./ramdisk-compress.js";
import { ramdiskExtract } from "./ramdisk-extract.js";
import { rcloneDownload } from "./rclone-download.js";
import { readFeedback } from "./read-feedback.js";
import { rootfsExtract } from "./rootfs-extract.js";
import { runCommands } from "./run-commands.js";
import { runTool } from "./run-tool.js";
import { scpDownload } from "./scp-download.js";
import { sshAuthorize } from "./ssh-authorize.js";
import { sshCopy } from "./ssh-copy.js";
import { testDefinitionBzr } from "./test-definition-bzr.js";
import { testDefinitionGit } from "./test-definition-git.js";
import { testDefinitionInline } from "./test-definition-inline.js";
import { testDefinitionTar } from "./test-definition-tar.js";
import { testDefinitionUrl } from "./test-definition-url.js";
import { testInstall } from "./test-install.js";
import { testOverlay } from "./test-overlay.js";
import { testRunScript } from "./test-run-script.js";
import { testRunnerConf } from "./test-runner-conf.js";
import { testService } from "./test-service.js";
import { testServicesStop } from "./test-services-stop.js";
import { tftpDirectory } from "./tftp-directory.js";
import type { Service, ServiceRegistry } from "./types.js";
import { unmountDevice } from "./unmount-device.js";
import { usbGadgetStorage } from "./usb-gadget-storage.js";
import { waitForDevice } from "./wait-for-device.js";
import { writeFile } from "./write-file.js";
import { writeText } from "./write-text.js";
import { zmodemSend } from "./zmodem-send.js";

const all: readonly Service[] = [
  cloudMachine,
  diagnoseConsole,
  captureOutput,
  copyToDisk,
  adbOverlay,
  sshCopy,
  containerConsole,
  promptSession,
  writeText,
  zmodemSend,
  decide,
  archiveExtract,
  archiveOverlay,
  checkAbsent,
  containerImage,
  containerStart,
  containerSteps,
  copyFiles,
  emptyImage,
  fastbootDetect,
  fastbootEnter,
  flashCommands,
  preseedComplete,
  findProgramService,
  fitImage,
  installerPrepare,
  isoExtract,
  mountDevice,
  nbdServer,
  nfsCheck,
  nfsOverlay,
  preDownloaded,
  rcloneDownload,
  unmountDevice,
  usbGadgetStorage,
  writeFile,
  disconnect,
  waitForDevice,
  runTool,
  testServicesStop,
  testService,
  testDefinitionTar,
  testDefinitionBzr,
  multinodeOverlay,
  dockerTestEnvironmentService,
  dockerShell,
  dispatcherAddress,
  downloadItems,
  appendOverlays,
  checkSizes,
  connect,
  fileDownload,
  guestOverlay,
  httpDownload,
  httpRequest,
  httpServer,
  mediaPlaceholders,
  qemuStart,
  readFeedback,
  runCommands,
  scpDownload,
  testDefinitionGit,
  testDefinitionUrl,
  tftpDirectory,
  bootloaderSubstitute,
  deviceEnvironmentService,
  kernelPrepare,
  modulesExtract,
  overlayApply,
  overlayCompress,
  overlayDirectory,
  ramdiskCompress,
  ramdiskExtract,
  rootfsExtract,
  sshAuthorize,
  testDefinitionInline,
  testInstall,
  testOverlay,
  testRunScript,
  testRunnerConf,
];

export const services: ServiceRegistry = Object.fromEntries(all.map((service) => [service.name, service]));
