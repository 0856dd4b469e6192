export default {
  summary: "picocom, tio, cu and conserver on an emulated board's serial line: Debian's packages",
};
