// Follows a feed and prints a line of JSON for each message, gap and state:
//
//   node follow.mjs ws://localhost:8080/ws        (Node 22; with 20 add --experimental-websocket)
import { connect } from "./fantail.mjs";

const print = (line) => console.log(JSON.stringify(line));

connect(process.argv[2], {
  onMessage: ({ position, key, binary, text, data }) =>
    print({ position, key, ...(binary ? { base64: Buffer.from(data).toString("base64") } : { text }) }),
  onGap: (gap) => print({ gap }),
  onState: ({ phase, code, reason }) => print({ phase, code, reason }),
});
