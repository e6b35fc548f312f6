import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import "./dialog.css";

/** Properties of `Dialog`. */
export interface DialogProps {
  title: string;
  close: () => void;
  children: ComponentChildren;
}

/** A dialog over the page, for as long as it is rendered; Escape closes it, and the focus returns to where it was. */
export function Dialog({ title, close, children }: DialogProps) {
  const [id, dialog] = [useId(), useRef<HTMLDialogElement>(null)];
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <div class="title">
        <h2 id={id}>{title}</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      {children}
    </dialog>
  );
}
