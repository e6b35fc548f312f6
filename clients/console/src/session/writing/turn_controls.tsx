import { Fragment } from "preact";
import { useShared } from "../context.js";
import { idOf } from "../../shared/names.js";
import { Failure } from "../../shared/failure.js";
import { useAuthor, WhoSelect } from "./who.js";

/** Takes the turn for a member, and hands it back. */
export function TurnControls() {
  const { turn } = useShared();
  const [author, setAuthor] = useAuthor();
  const lease = turn.lease.value;
  const take = (event: Event) => {
    event.preventDefault();
    void turn.take(author);
  };
  return (
    <form class="write" onSubmit={take}>
      {/* With keys of their own, or a click on one button would become the other while it is under way. */}
      {lease ? (
        <Fragment key="held">
          <p>This page holds the turn for <bdi>{idOf(lease.holder)}</bdi>, and renews it until you hand it back or leave.</p>
          <button type="button" onClick={() => void turn.handBack()}>Hand back the turn</button>
        </Fragment>
      ) : (
        <Fragment key="free">
          <label>Whose turn<WhoSelect value={author} choose={setAuthor} /></label>
          <button type="submit" disabled={!author}>Take the turn</button>
        </Fragment>
      )}
      {turn.error.value && <Failure error={turn.error.value} />}
    </form>
  );
}
