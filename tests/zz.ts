import async_hooks from "node:async_hooks";
import { spawn } from "node:child_process";
const live = new Map<number,string>();
async_hooks.createHook({init(id,type){ if(type==="Timeout") live.set(id,new Error().stack!.split("\n").slice(2,12).join("\n")) }, destroy(id){live.delete(id)}}).enable();
const sleep=(ms:number)=>new Promise(r=>setTimeout(r,ms));
const { openQueue } = await import("../src/queue/queue.ts");
const { openLog } = await import("../src/log.ts");
const mode = process.argv[2];
const r = spawn("redis-server",["--port","7411","--save",""],{stdio:"ignore"}); await sleep(500);
const q = await openQueue({redisUrl:"redis://127.0.0.1:7411", log: openLog({level:"silent"})});
let begun=false;
q.work("upkeep",{sweep: ()=> { begun=true; return mode==="hang"? new Promise(()=>{}): Promise.resolve()}});
await sleep(300);
if (mode==="hang") { await q.add("sweep",{}); await sleep(300); console.log({begun}); }
else { r.kill("SIGKILL"); await sleep(100); console.log(await q.ready().catch(e=>e.message)); }
const t=performance.now();
await q.close(); console.log("closed", performance.now()-t);
await sleep(2500);
console.log(process.getActiveResourcesInfo(), [...live.values()].join("\n---\n"));
r.kill();
const u=performance.now(); process.on("exit",()=>console.log("exit",performance.now()-u));
