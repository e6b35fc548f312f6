import { useId, useState } from "preact/hooks";
import { tokenHolds, token } from "../api.js";
import { ActivitySessionError } from "activity-session/web";
import "./token_form.css";

/** Properties of `TokenForm`. */
export interface TokenFormProps {
  /** Called when somebody has signed in. */
  done?: () => void;
}

/** Takes a token, asks the server whether it holds, and keeps it if it does. */
export function TokenForm({ done }: TokenFormProps) {
  const id = useId();
  const [refusal, setRefusal] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget as HTMLFormElement).get("token")).trim();
    const refused = await refusalOf(given);
    setRefusal(refused);
    if (refused) return;
    token.value = given;
    done?.();
  };
  return (
    <form class="token" onSubmit={submit}>
      <label for={id}>Token</label>
      <input
        id={id}
        name="token"
        type="password"
        required
        autocomplete="off"
        spellcheck={false}
        aria-invalid={refusal !== ""}
        aria-describedby={`${id}-refusal`}
      />
      <button type="submit" class="main">
        Sign in
      </button>
      <p id={`${id}-refusal`} class="refusal" role="status">
        {refusal}
      </p>
    </form>
  );
}

async function refusalOf(given: string): Promise<string> {
  try {
    await tokenHolds(given);
    return "";
  } catch (error) {
    if (error instanceof ActivitySessionError) return `This token does not let you in: ${error.details}`;
    throw error;
  }
}
