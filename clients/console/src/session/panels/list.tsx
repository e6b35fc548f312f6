import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Failure } from "../../shared/failure.js";
import { Paged, type LoadPage } from "./paged.js";
import { useEvery } from "./every.js";

/** Properties of `PagedList`. */
export interface PagedListProps<T> {
  load: LoadPage<T>;
  /** What the list is of: when it changes, another list is loaded. */
  of: string;
  /** Milliseconds after which the list is read again, while the page can be seen. */
  everyMs: number;
  empty: string;
  row: (row: T) => ComponentChildren;
}

/** A list that is loaded by pages, and read again now and then, since a watch does not tell of it. */
export function PagedList<T>({ load, of, everyMs, empty, row }: PagedListProps<T>) {
  const list = useMemo(() => new Paged(load), [of]);
  useEffect(() => {
    void list.refresh();
    return () => list.stop();
  }, [list]);
  useEvery(everyMs, () => void list.refresh());
  const rows = list.rows.value;
  return (
    <>
      {list.error.value && <Failure error={list.error.value} again={() => void list.refresh()} />}
      {rows?.length === 0 && <p class="quiet">{empty}</p>}
      {rows && rows.length > 0 && <ul class="panel-list">{rows.map(row)}</ul>}
      {list.next.value && <button type="button" onClick={() => void list.more()}>Load more</button>}
    </>
  );
}
