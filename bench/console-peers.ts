/** The peers of the console's bench: small Python programs. Each prints one JSON line. */

/** pexpect itself, fed 4 KiB chunks from memory: no pty, no log. Arguments: log file, file of patterns. */
export const PEXPECT_SCAN = `
import json, resource, sys, time
import pexpect
from pexpect.spawnbase import SpawnBase

data = open(sys.argv[1], "rb").read().replace(b"\\n", b"\\r\\n")

class Fed(SpawnBase):
    def __init__(self):
        super().__init__(timeout=None, maxread=4096, searchwindowsize=8184, encoding="utf-8", codec_errors="replace")
        self.at = 0
    def read_nonblocking(self, size=1, timeout=None):
        if self.at >= len(data):
            self.flag_eof = True
            raise pexpect.EOF("end")
        chunk = data[self.at:self.at + 4096]
        self.at += len(chunk)
        return self._decoder.decode(chunk, final=False)

began = time.monotonic()
Fed().expect(json.load(open(sys.argv[2])) + [pexpect.EOF])
took = time.monotonic() - began
print(json.dumps({"what": "pexpect", "mb_per_s": len(data) / 1e6 / took, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
`;

/** LAVA's shell session with its YAML log over a pty. Arguments: log file, file of patterns, folder for the log. */
export const SHELL_SESSION = `
import json, logging, os, resource, sys, time
import pexpect
from lava_common.log import YAMLLogger
from lava_dispatcher.shell import ShellCommand, ShellSession
from lava_dispatcher.action import Timeout

logging.setLoggerClass(YAMLLogger)
logger = logging.getLogger("dispatcher")
out = open(os.path.join(sys.argv[3], "peer-logs.yaml"), "w")
handler = logging.StreamHandler(out)
logger.addHandler(handler)
logger.setLevel(logging.DEBUG)
size = os.path.getsize(sys.argv[1])
timeout = Timeout("bench", None, 600)
command = ShellCommand("cat " + sys.argv[1], timeout, logger=logger)
began = time.monotonic()
command.expect(json.load(open(sys.argv[2])) + [pexpect.EOF], timeout=600)
took = time.monotonic() - began
out.close()
print(json.dumps({"what": "LAVA", "mb_per_s": size / 1e6 / took, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
`;
