import type { DescMessage } from "@bufbuild/protobuf";
import { useId, useState } from "preact/hooks";
import { token } from "../api.js";
import type { Call, Place } from "./call.js";
import { python } from "./python.js";
import { curl, grpcurl } from "./shell.js";
import "./copy_as.css";

const FORMS: Record<string, (call: Call, place: Place) => string> = { grpcurl, curl, Python: python };

/** A button that offers a call as a command, or as a program, to be made outside of the console. */
export function CopyAs<I extends DescMessage>(call: Call<I>) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="copy-as" popovertarget={id}>
        Copy as…
      </button>
      <div id={id} popover="auto" class="copies" onToggle={({ newState }) => setOpen(newState === "open")}>
        {isOpen && <Copies call={call as unknown as Call} />}
      </div>
    </>
  );
}

function Copies({ call }: { call: Call }) {
  const [said, setSaid] = useState("");
  const place = { origin: location.origin, isSignedIn: token.value !== "" };
  return (
    <>
      {Object.entries(FORMS).map(([name, form]) => (
        <Copy key={name} name={name} text={form(call, place)} say={setSaid} />
      ))}
      <p role="status">{said}</p>
      <p class="note">
        <code>ADDRESS</code> is where the server serves gRPC
        {place.isSignedIn && (
          <>
            , <code>TOKEN</code> your token
          </>
        )}
        .
      </p>
    </>
  );
}

function Copy({ name, text, say }: { name: string; text: string; say: (text: string) => void }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{name}</h2>
      <button type="button" aria-label={`Copy ${name}`} onClick={async () => say(await copied(name, text))}>
        Copy
      </button>
      <pre tabIndex={0} aria-labelledby={id}>
        {text}
      </pre>
    </section>
  );
}

/** Copies a text, and returns what to say of it. Over plain HTTP, only pages of this machine have a clipboard. */
async function copied(name: string, text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return `The call for ${name} is in the clipboard.`;
  } catch {
    return "This page may not use the clipboard: select the text.";
  }
}
