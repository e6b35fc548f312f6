/** Where a reader is in the list, and how to get elsewhere. */

import { signal, type Signal } from "@preact/signals";
import { go, route, type SessionRoute } from "../../routes.js";
import type { LiveSession } from "../model/session.js";
import { PAGE, type Span } from "../model/pages.js";
import { Rows } from "../model/rows.js";
import type { Move } from "./keys.js";
import type { List } from "./virtual.js";
import { windowOf } from "./windows.js";

/** The place in the list. It is told of the list after each rendering. */
export class Place {
  /** The event around which the list is; 0 for the newest. */
  readonly around = signal(0);
  /** The event that was gone to last, which is marked. */
  readonly marked = signal(0);
  /** Says so when there is no row of the number that was asked for. */
  readonly notice: Signal<string> = signal("");
  list!: List;
  #shown: Rows | undefined;
  #scrolled = 0;
  #align: "center" | "start" = "center";
  #focused = 0;
  #missed = 0;

  constructor(readonly live: LiveSession) {}

  /** The rows of the log: of what is in view, or of all events. */
  get rows(): Rows {
    const { log } = this.live;
    const { first, last } = log;
    return new Rows({ first, last }, (route.value as SessionRoute).showSuperseded ? undefined : log.marks.holes);
  }

  /** The rows of the list. */
  get window(): Span {
    const { rows } = this;
    return windowOf(rows, this.around.value && rows.rowOf(this.around.value));
  }

  /** Whether the reader is at the end of the log, and follows it. */
  get isAtEnd(): boolean {
    return this.window.last === this.rows.last && (!this.list.scrollElement || this.list.isAtEnd());
  }

  /** Shows an event, which gets the focus, or says that there is none of that number. */
  async goTo(at: number): Promise<void> {
    this.notice.value = this.#problemOf(at);
    this.#missed = this.#isMissing(at) ? at : 0;
    const { rows } = this;
    if (rows.first > rows.last) return;
    const row = rows.nearest(rows.rowOf(at));
    await this.live.loading?.load(rows.numbersOf({ first: row - PAGE / 2, last: row + PAGE / 2 }));
    this.#show(rows.numberOf(row));
  }

  /** Shows the event that was asked for last, if it had no row then, and has one now. */
  goToMissed(): void {
    if (this.#missed && !this.#isMissing(this.#missed)) void this.goTo(this.#missed);
  }

  /** Shows the newest event, also by the address. */
  goToNewest(): void {
    const shown = route.peek() as SessionRoute;
    if (shown.at) go({ ...shown, at: 0 }, { replace: true });
    this.around.value = 0;
    this.marked.value = 0;
    this.notice.value = "";
    this.#missed = 0;
    this.#scrollTo(this.rows.newest);
    this.settle();
  }

  /** Moves the focus as a key says. */
  move(move: Move): void {
    const { rows } = this;
    if ("rows" in move) this.#focus(rows.nearest(this.#current(move.rows) + move.rows));
    else if ("views" in move) this.#turn(move.views);
    else if (move.end === "first") void this.goTo(rows.numberOf(rows.first));
    else this.#focusNewest();
  }

  /**
   * Sees to it that the reader stays where he is when other rows are shown: at the end, or with the same row at the top,
   * or with the next one if that has gone. To be called before the list is told of its rows.
   */
  stay(): void {
    const [before, rows, { list }] = [this.#shown, this.rows, this];
    this.#shown = rows;
    if (!before || rows.first > rows.last || !list.scrollElement || before.holes === rows.holes || this.#scrolled) return;
    const count = list.options.count;
    const top = Number(list.getVirtualItemForOffset(list.scrollOffset ?? 0)?.key ?? 0);
    if (count && list.isAtEnd() && list.options.getItemKey(count - 1) === before.newest) this.#scrollTo(rows.newest);
    else if (rows.holes.has(top)) this.#scrollTo(rows.numberOf(rows.nearest(rows.rowOf(top))), "start");
  }

  /** Does what had to wait until the rows were there: to be called after each rendering. */
  settle(): void {
    const [{ first, last }, { rows, list }] = [this.window, this];
    if (list.options.count !== last - first + 1) return;
    if (this.#scrolled === rows.newest) list.scrollToEnd();
    else if (this.#scrolled) list.scrollToIndex(rows.rowOf(this.#scrolled) - first, { align: this.#align });
    this.#scrolled = 0;
    const row = this.#focused && this.#elementOf(this.#focused);
    if (!row) return;
    row.focus({ preventScroll: true });
    this.#focused = 0;
  }

  #show(sequence: number): void {
    const { rows, window } = this;
    const row = rows.rowOf(sequence);
    if (row < window.first || row > window.last) this.around.value = sequence;
    this.marked.value = this.#focused = sequence;
    this.#scrollTo(sequence);
    this.settle();
  }

  #scrollTo(sequence: number, align: "center" | "start" = "center"): void {
    this.#scrolled = sequence;
    this.#align = align;
  }

  #focus(row: number): void {
    const [{ first, last }, sequence] = [this.window, this.rows.numberOf(row)];
    if (row < first || row > last) return void this.goTo(sequence);
    this.#focused = sequence;
    this.list.scrollToIndex(row - first);
    this.settle();
  }

  #focusNewest(): void {
    this.goToNewest();
    this.#focused = this.rows.newest;
    this.settle();
  }

  #turn(views: 1 | -1): void {
    this.list.scrollBy(views * 0.9 * (this.list.scrollRect?.height ?? 0));
  }

  /** Returns the row that has the focus, or else the one before the first in view. */
  #current(step: 1 | -1): number {
    const focused = document.activeElement?.closest<HTMLElement>("[data-sequence]")?.dataset["sequence"];
    if (focused) return this.rows.rowOf(Number(focused));
    const { startIndex, endIndex } = this.list.range ?? { startIndex: 0, endIndex: 0 };
    return this.window.first + (step > 0 ? startIndex - 1 : endIndex + 1);
  }

  #elementOf(sequence: number): HTMLElement | null | undefined {
    return this.list.scrollElement?.querySelector<HTMLElement>(`[data-sequence="${sequence}"]`);
  }

  #isMissing(sequence: number): boolean {
    return this.rows.holes.has(sequence);
  }

  #problemOf(at: number): string {
    const { last, marks } = this.live.log;
    if (at > last) return `There is no event ${at} yet: the newest is ${last}.`;
    if (!this.#isMissing(at)) return "";
    const by = marks.over(at);
    return by ? `Event ${at} is superseded by ${by}, and out of view.` : `Event ${at} is a mark, and out of view.`;
  }
}
