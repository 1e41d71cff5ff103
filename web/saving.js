// Taking something along: the picture as PNG, which carries its preset, and the preset as text.

import { CHIP, LABEL, LEADING } from "./cell_layout.js";

const KEYWORD = "cppn_gl"; // of the text in a PNG, as preset/containers.py reads it

// A PNG of RGBA pixels, row 0 on top, with labels drawn on it and the preset as text in it: a Blob.
export async function png({ pixels, width, height, labels = [], font = 0 }, text) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer, pixels.byteOffset,
    pixels.byteLength), width, height);
  const context = canvas.getContext("2d");
  context.putImageData(image, 0, 0);
  context.font = `${font}px system-ui, sans-serif`;
  for (const label of labels) {
    const [side, edge] = label.anchor.split(" ");
    context.textAlign = side === "middle" ? "center" : side;
    context.textBaseline = edge;
    const lines = label.text.split("\n");
    if (label.chip) {
      const [room, inset] = [context.measureText(label.text).width, font / 4];
      context.fillStyle = CHIP;
      context.fillRect(label.x, label.y, room + 2 * inset, font * LEADING);
      label = { ...label, x: label.x + inset, y: label.y + font / 8 };
    }
    context.fillStyle = label.chip ? "#fff" : LABEL;
    lines.forEach((line, at) => {
      context.fillText(line, label.x, label.y + (at - (lines.length - 1) / 2) * font * LEADING);
    });
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error(`the browser makes no picture of ${width} × ${height} pixels`);
  return withText(new Uint8Array(await blob.arrayBuffer()), text);
}

// PNG bytes with an iTXt chunk of the text behind the header: a Blob.
function withText(bytes, text) {
  const header = 8 + 25; // the signature and IHDR
  const parts = [bytes.subarray(0, header), chunk("iTXt", `${KEYWORD}\0\0\0\0\0${text}`),
    bytes.subarray(header)];
  return new Blob(parts, { type: "image/png" });
}

function chunk(name, text) {
  const data = new TextEncoder().encode(name + text);
  const whole = new Uint8Array(data.length + 8);
  const view = new DataView(whole.buffer);
  view.setUint32(0, data.length - 4);
  whole.set(data, 4);
  view.setUint32(data.length + 4, crc32(data));
  return whole;
}

// The checksum of a PNG's chunk.
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

// Let the browser save a Blob as a file.
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers read it late
}

// Whether the text is now on the clipboard, which a browser may refuse: a page that is a file, or
// in a frame.
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// A name of a file, of what a title has that any system takes.
export function fileName(name) {
  return name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80) || "picture";
}
