import { href, toSessions } from "../routes.js";
import { isHelping } from "../shared/key_help.js";
import { NamespaceChoice } from "./namespace_choice.js";
import { SignIn } from "./sign_in.js";
import { ThemeChoice } from "./theme.js";
import "./header.css";

/** Moves the focus to what is shown, past the header. */
export function focusMain(): void {
  const main = document.querySelector("main");
  if (main) main.tabIndex = -1;
  main?.focus();
}

/** What is above every page. */
export function Header() {
  return (
    <header class="shell">
      <button type="button" class="skip" onClick={focusMain}>
        Skip to the page
      </button>
      <a class="product" href={href(toSessions(""))}>
        Activity Session
      </a>
      <NamespaceChoice />
      <span class="rest" />
      <button type="button" onClick={() => (isHelping.value = true)}>
        Keys
      </button>
      <ThemeChoice />
      <SignIn />
    </header>
  );
}
