// LZ4 frames to bytes. kafkajs brings gzip alone, and lz4js 0.2.0 gave wrong bytes for the frames of aiokafka.
// After the LZ4 frame and block formats (github.com/lz4/lz4, doc/). Checksums are not checked: Kafka checks its own.

export function decompress(source) {
  if (source.readUInt32LE(0) !== 0x184d2204) throw new Error("not an LZ4 frame");
  const flags = source[4];
  let at = 4 + 2 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1;
  const out = { bytes: Buffer.alloc(Math.max(1024, source.length * 4)), length: 0 };
  for (;;) {
    const word = source.readUInt32LE(at);
    at += 4;
    if (word === 0) return out.bytes.subarray(0, out.length);
    const size = word & 0x7fffffff;
    const block = source.subarray(at, at + size);
    if (word >>> 31) append(out, block);
    else readBlock(block, out);
    at += size + (flags & 16 ? 4 : 0);
  }
}

function readBlock(block, out) {
  let at = 0;
  const more = (length) => {
    if (length < 15) return length;
    let byte;
    do {
      byte = block[at++];
      length += byte;
    } while (byte === 255);
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = more(token >> 4);
    append(out, block.subarray(at, at + literals));
    at += literals;
    if (at >= block.length) return; // the last sequence has no match
    const distance = block.readUInt16LE(at);
    at += 2;
    const length = more(token & 15) + 4;
    if (distance === 0 || distance > out.length) throw new Error("broken LZ4 block");
    reserve(out, length);
    // Byte by byte: a match may overlap with what it writes.
    for (let n = 0; n < length; n++, out.length++) out.bytes[out.length] = out.bytes[out.length - distance];
  }
}

function append(out, bytes) {
  reserve(out, bytes.length);
  bytes.copy(out.bytes, out.length);
  out.length += bytes.length;
}

function reserve(out, more) {
  if (out.length + more <= out.bytes.length) return;
  const larger = Buffer.alloc(2 * (out.length + more));
  out.bytes.copy(larger, 0, 0, out.length);
  out.bytes = larger;
}
