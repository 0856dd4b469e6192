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
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"MB/s": len(data) / 1e6 / took, "peak RSS MB": usage.ru_maxrss / 1e3}))
`;

/** LAVA's shell command with its YAML log over a pty. Arguments: log file, file of patterns, folder for the log. */
export const SHELL_COMMAND = `
import json, logging, os, resource, sys, time
import pexpect
from lava_common.log import YAMLLogger
from lava_common.timeout import Timeout
from lava_dispatcher.shell import ShellCommand

logging.setLoggerClass(YAMLLogger)
logger = logging.getLogger("dispatcher")
out = open(os.path.join(sys.argv[3], "peer-logs.yaml"), "w")
handler = logging.StreamHandler(out)
logger.addHandler(handler)
logger.setLevel(logging.DEBUG)
size = os.path.getsize(sys.argv[1])
before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
began = time.monotonic()
command = ShellCommand("cat " + sys.argv[1], Timeout("bench", duration=600), logger=logger, window=4092)
command.expect(json.load(open(sys.argv[2])) + [pexpect.EOF], timeout=600)
took = time.monotonic() - began
out.close()
usage = resource.getrusage(resource.RUSAGE_SELF)
cpu = usage.ru_utime + usage.ru_stime - before
print(json.dumps({"MB/s": size / 1e6 / took, "MB/CPU s": size / 1e6 / cpu, "peak RSS MB": usage.ru_maxrss / 1e3}))
`;
