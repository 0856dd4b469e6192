/** Style of report.html. Colours that colour-blind people can tell apart (after Okabe and Ito), and never colour alone. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f4f6fa;--panel:#fff;--sunken:#eef1f6;--text:#18212f;--dim:#55627a;--line:#d5dce7;--accent:#0072b2;--done:#00795f;--done2:#5fb8a0;--failed:#c2410c;--soft:#fdeadf;--retry:#9a6700;--kernel:#6a4a00;--mono:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
@media(prefers-color-scheme:dark){:root{--bg:#0b1220;--panel:#121b2c;--sunken:#0e1626;--text:#e3e9f3;--dim:#94a3b8;--line:#243148;--accent:#56b4e9;--done:#2fbf9b;--done2:#1d6f5d;--failed:#f08a4b;--soft:#3a2015;--retry:#e69f00;--kernel:#d9b26a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:14px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 20px 60px}
h1{margin:0;font-size:22px}h2{margin:30px 0 10px;font-size:17px}h3{margin:18px 0 6px;font-size:14px}
a{color:var(--accent)}code,pre,.log{font-family:var(--mono)}
.sub{color:var(--dim);margin:2px 0 14px}
.verdict{display:flex;gap:14px;align-items:center;padding:12px 16px;border:1px solid var(--line);border-left:6px solid var(--done);border-radius:9px;background:var(--panel)}
.verdict b{font-size:17px}.verdict.bad{border-left-color:var(--failed)}.verdict.bad b{color:var(--failed)}.verdict.good b{color:var(--done)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:14px 0 0}
.facts div{padding:8px 12px;border:1px solid var(--line);border-radius:8px;background:var(--panel)}
.facts dt{color:var(--dim);font-size:12px}.facts dd{margin:0;overflow-wrap:anywhere}
.error{margin:14px 0;padding:10px 14px;border:1px solid var(--failed);border-left-width:5px;border-radius:8px;background:var(--soft)}
.error p{margin:3px 0;overflow-wrap:anywhere}.error pre{margin:6px 0 0;white-space:pre-wrap;font-size:12px}
table{width:100%;border-collapse:collapse;background:var(--panel);border:1px solid var(--line);border-radius:8px}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--dim);font-weight:600;font-size:12px}td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.w{white-space:nowrap;font-weight:600}.w.pass,.w.done{color:var(--done)}.w.fail,.w.failed{color:var(--failed)}.w.skip,.w.unknown,.w.skipped,.w.running{color:var(--retry)}.w.not{color:var(--dim);font-weight:400}
.cases{table-layout:fixed}.cases th:nth-child(1){width:110px}.cases th:nth-child(3){width:170px}.cases th:nth-child(4){width:120px}.cases th:nth-child(5){width:110px}.cases th:nth-child(n+3){text-align:right}
.cases td{overflow-wrap:anywhere}.fall a{color:inherit;text-decoration:none}.fall a:hover{text-decoration:underline}.fall .n{width:90px}details{margin-top:12px}
.old{opacity:.6}.old td:nth-child(2){text-decoration:line-through}
summary{cursor:pointer}
.fall td{padding:1px 10px}.fall td:nth-child(1){max-width:430px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.fall .lane{width:46%;min-width:180px}
.lane div{position:relative;height:16px;margin-top:2px;background:linear-gradient(90deg,var(--line) 1px,transparent 1px) 0 0/25% 100%}
.lane i{position:absolute;top:3px;height:10px;min-width:2px;border-radius:2px;background:var(--done)}
.lane i.inner{background:var(--done2)}.lane i.failed{background:repeating-linear-gradient(45deg,var(--failed) 0 4px,color-mix(in srgb,var(--failed) 60%,transparent) 4px 7px)}.lane i.running,.lane i.skipped{background:var(--retry)}
.lv{color:var(--dim);font-variant-numeric:tabular-nums}
.tools{display:flex;flex-wrap:wrap;gap:14px;margin:0 0 8px;color:var(--dim)}
.log{margin:0;padding:8px 0;border:1px solid var(--line);border-radius:8px;background:var(--panel);font-size:12.5px;line-height:1.45;overflow-x:auto}
.log div{display:flex;gap:12px;padding:0 12px;white-space:pre-wrap;overflow-wrap:anywhere}
.log div>a{flex:none;width:66px;color:var(--dim);text-align:right;text-decoration:none}
.log div:target{background:color-mix(in srgb,var(--accent) 20%,transparent);scroll-margin:30vh}
.log .kernel{color:var(--kernel)}.log .input{color:var(--accent)}.log .input span::before{content:"> "}
.log .alarm{background:var(--soft);color:var(--failed);font-weight:600}.log .alarm span::before{content:"! "}
.log .action,.log .result,.log .error-row{color:var(--dim);background:var(--sunken)}.log .result.pass{color:var(--done)}.log .result.fail,.log .failed,.log .error-row{color:var(--failed)}
.log .gap{justify-content:center;color:var(--dim);padding:8px}
main:has(#only-console:checked) .log :is(.action,.result,.error-row){display:none}
main:has(#only-dispatcher:checked) .log :is(.target,.kernel,.input){display:none}
main:has(#only-problems:checked) .log :is(.target,.kernel,.input,.action:not(.failed),.result:not(.fail,.unknown)){display:none}
@media(max-width:640px){main{padding:12px}th,td{padding:4px 6px}.log div{padding:0 6px;gap:8px}.log div>a{width:48px}
.cases :is(th,td):nth-child(4),.fall :is(th,td):nth-child(3){display:none}.cases th:nth-child(1){width:84px}.cases th:nth-child(3){width:96px}.cases th:nth-child(5){width:72px}
.fall td:nth-child(1){max-width:46vw}.fall .n{width:60px}.fall .lane{width:auto;min-width:60px}}
`;
