/** Where a reader is in the list, and how to get elsewhere. */

import { signal, type Signal } from "@preact/signals";
import { go, route, type SessionRoute } from "../../routes.js";
import type { LiveSession } from "../model/session.js";
import { PAGE, type Span } from "../model/pages.js";
import type { Move } from "./keys.js";
import type { List } from "./virtual.js";
import { windowOf } from "./windows.js";

/** The place in the list. It is told of the list after each rendering. */
export class Place {
  /** The event around which the list is; 0 for the newest. */
  readonly around = signal(0);
  /** The event that was gone to last, which is marked. */
  readonly marked = signal(0);
  /** Says so when there is no event of the number that was asked for. */
  readonly notice: Signal<string> = signal("");
  list!: List;
  #scrolled = 0;
  #focused = 0;

  constructor(readonly live: LiveSession) {}

  /** The events of the list. */
  get window(): Span {
    return windowOf(this.live.log, this.around.value);
  }

  /** Whether the reader is at the end of the log, and follows it. */
  get isAtEnd(): boolean {
    return this.window.last === this.live.log.last && (!this.list.scrollElement || this.list.isAtEnd());
  }

  /** Shows an event, which gets the focus, or says that there is none of that number. */
  async goTo(at: number): Promise<void> {
    const { first, last } = this.live.log;
    const there = Math.max(first, Math.min(at, last));
    this.notice.value = at > last ? `There is no event ${at} yet: the newest is ${last}.` : "";
    await this.live.loading?.load({ first: Math.max(first, there - PAGE / 2), last: Math.min(last, there + PAGE / 2) });
    const { first: start, last: end } = this.window;
    if (there < start || there > end) this.around.value = there;
    this.marked.value = there;
    this.#scrolled = this.#focused = there;
    this.settle();
  }

  /** Shows the newest event, also by the address. */
  goToNewest(): void {
    const shown = route.peek() as SessionRoute;
    if (shown.at) go({ ...shown, at: 0 }, { replace: true });
    this.around.value = 0;
    this.marked.value = 0;
    this.notice.value = "";
    this.#scrolled = this.live.log.last;
    this.settle();
  }

  /** Moves the focus as a key says. */
  move(move: Move): void {
    const { first, last } = this.live.log;
    if ("rows" in move) this.#focus(Math.max(first, Math.min(this.#current(move.rows) + move.rows, last)));
    else if ("views" in move) this.#turn(move.views);
    else if (move.end === "first") void this.goTo(this.live.log.first);
    else this.#focusNewest();
  }

  /** Does what had to wait until the rows were there: to be called after each rendering. */
  settle(): void {
    const { first, last } = this.window;
    const { list } = this;
    if (list.options.count !== last - first + 1) return;
    if (this.#scrolled === this.live.log.last) list.scrollToEnd();
    else if (this.#scrolled) list.scrollToIndex(this.#scrolled - first, { align: "center" });
    this.#scrolled = 0;
    const row = this.#focused && this.#rowOf(this.#focused);
    if (!row) return;
    row.focus({ preventScroll: true });
    this.#focused = 0;
  }

  #focus(sequence: number): void {
    const { first, last } = this.window;
    if (sequence < first || sequence > last) return void this.goTo(sequence);
    this.#focused = sequence;
    this.list.scrollToIndex(sequence - first);
    this.settle();
  }

  #focusNewest(): void {
    this.goToNewest();
    this.#focused = this.live.log.last;
    this.settle();
  }

  #turn(views: 1 | -1): void {
    this.list.scrollBy(views * 0.9 * (this.list.scrollRect?.height ?? 0));
  }

  /** Returns the event that has the focus, or else the one before the first in view. */
  #current(step: 1 | -1): number {
    const focused = document.activeElement?.closest<HTMLElement>("[data-sequence]")?.dataset["sequence"];
    if (focused) return Number(focused);
    const { startIndex, endIndex } = this.list.range ?? { startIndex: 0, endIndex: 0 };
    return this.window.first + (step > 0 ? startIndex - 1 : endIndex + 1);
  }

  #rowOf(sequence: number): HTMLElement | null | undefined {
    return this.list.scrollElement?.querySelector<HTMLElement>(`[data-sequence="${sequence}"]`);
  }
}
