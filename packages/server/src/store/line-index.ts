const LF = 0x0a;

/** Where each entry of a journal file lies: 6 bytes of memory an entry. Files stay far below 4 GiB. */
export class LineIndex {
  #offsets = new Uint32Array(1024);
  #lengths = new Uint16Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds the lines in `bytes`, each ended by LF, which begin at `offset` in the file. Returns how many. */
  add(bytes: Uint8Array, offset: number): number {
    const before = this.#count;
    for (let at = 0; at < bytes.length;) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      if (this.#count === this.#offsets.length) this.#grow();
      this.#offsets[this.#count] = offset + at;
      this.#lengths[this.#count] = end - at;
      this.#count++;
      at = end + 1;
    }
    return this.#count - before;
  }

  /** The place of the `i`th entry of the file, without its LF. */
  place(i: number): { offset: number; lengthBytes: number } {
    return { offset: this.#offsets[i]!, lengthBytes: this.#lengths[i]! };
  }

  #grow(): void {
    const offsets = new Uint32Array(this.#offsets.length * 2);
    const lengths = new Uint16Array(this.#lengths.length * 2);
    offsets.set(this.#offsets);
    lengths.set(this.#lengths);
    this.#offsets = offsets;
    this.#lengths = lengths;
  }
}
