// Prints a line for each event record, those from before the start too, until SIGTERM or Ctrl-C:
// npm ci && node read-events.js SERVERS TOPIC GROUP

import kafkajs from "kafkajs";
import { decompress } from "./lz4.js";

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const KNOWN = new Set(["deployment", "supply", "statement"]);
const [servers, topic, groupId] = process.argv.slice(2);

// Lagebild's producers compress with LZ4, and kafkajs itself knows gzip alone.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async () => {
    throw new Error("this program only reads");
  },
  decompress: async (buffer) => decompress(buffer),
});

// The sentence with the anchor in brackets. Offsets count code points, JavaScript's strings UTF-16 units.
function marked(sentence, anchor) {
  const points = Array.from(sentence.text);
  const [start, end] = [anchor.start - sentence.start, anchor.end - sentence.start];
  const part = (from, to) => points.slice(from, to).join("");
  return `${part(0, start)}[${part(start, end)}]${part(end)}`.replaceAll("\n", " ");
}

// What your program does with a record; one of a later version that it does not know is no error.
function handle(value) {
  const event = JSON.parse(value ?? "{}");
  if (!event.schema_version?.startsWith("1.") || !KNOWN.has(event.type)) {
    console.error(`passed over: ${event.type} ${event.schema_version}`);
    return;
  }
  const sentence = marked(event.evidence, event.anchor);
  console.log([event.event_id, event.type, event.status, event.article.id, sentence].join("\t"));
}

const kafka = new Kafka({ brokers: servers.split(","), clientId: "read-events", logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => consumer.disconnect().then(() => process.exit(0)));
}
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
// kafkajs commits after the batch whose messages have all been handled: what was not is read again.
await consumer.run({ eachMessage: async ({ message }) => handle(message.value) });
