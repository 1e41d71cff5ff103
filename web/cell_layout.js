// Where the cells of a picture are, and their labels: common to sheets and layers.

import { rint } from "./elementary.js";

export const MIN_FONT = 8; // pixels
export const LABEL = "rgb(190 198 208)"; // the colour of labels on the ground
export const CHIP = "rgb(12 14 18 / .75)"; // behind white labels over a picture
export const LEADING = 1.25; // line height, in font sizes

// Where cells and labels are in a picture of `shape`, in pixels. `boxes`: [left, top, width,
// height] of each cell, not rounded. `shapeOf`: [width, height] of a cell for which its value range
// is measured. `stacked`: the height of each of a cell's two pictures, or null.
export class Layout {
  constructor(fields) {
    Object.assign(this, { font: 0, labels: [], stacked: null, round: rint }, fields);
  }

  // The same in a coarser or finer picture.
  scaled([width, height]) {
    const [across, down] = [width / this.shape[0], height / this.shape[1]];
    if (across === 1 && down === 1) return this;
    const boxes = this.boxes.map(([x, y, w, h]) => [x * across, y * down, w * across, h * down]);
    return new Layout({ ...this, shape: [width, height], boxes, gap: this.gap * down,
      caption: this.caption * down, labels: [] });
  }

  // A cell in whole pixels: [left, top, width, height].
  box(index) {
    const [x, y, w, h] = this.boxes[index];
    const [left, top] = [this.round(x), this.round(y)];
    return [left, top, Math.max(1, this.round(x + w) - left), Math.max(1, this.round(y + h) - top)];
  }

  // The index of the cell at a pixel; -1 in gaps and outside.
  at(x, y) {
    return this.boxes.findIndex(
      ([left, top, w, h]) => x >= left && x < left + w && y >= top && y < top + h);
  }
}
