import { signal } from "@preact/signals";
import { token } from "../api.js";
import { Dialog } from "../shared/dialog.js";
import { TokenForm } from "../shared/token_form.js";

const isOpen = signal(false);
const close = () => (isOpen.value = false);

/** Signs in by a dialog, or out. */
export function SignIn() {
  if (token.value) {
    return (
      <button type="button" onClick={() => (token.value = "")}>
        Sign out
      </button>
    );
  }
  return (
    <>
      <button type="button" onClick={() => (isOpen.value = true)}>
        Sign in
      </button>
      {isOpen.value && (
        <Dialog title="Sign in" close={close}>
          <p>With a token of this server. It stays in this tab, until you sign out or close it.</p>
          <TokenForm done={close} />
        </Dialog>
      )}
    </>
  );
}
