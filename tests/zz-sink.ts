import { createServer } from "node:net";
createServer(s=>{let d=false,b="";s.setEncoding("latin1").on("error",()=>{}).on("data",(c)=>{b+=c;for(;;){if(d){const e=b.indexOf("\r\n.\r\n");if(e<0){b=b.slice(-4);return;}b=b.slice(e+5);d=false;s.write("250 ok\r\n");continue}const e=b.indexOf("\r\n");if(e<0)return;const l=b.slice(0,e);b=b.slice(e+2);if(l.startsWith("DATA")){d=true;s.write("354 go\r\n")}else if(l.startsWith("EHLO"))s.write("250-x\r\n250 PIPELINING\r\n");else s.write("250 ok\r\n")}});s.write("220 x\r\n")}).listen(2599,"127.0.0.1");
setTimeout(()=>process.exit(0),45000);
