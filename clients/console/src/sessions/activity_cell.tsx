import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "activity-session/v1/session";
import { ago, Time } from "../shared/time.js";
import { ActivitySessionError } from "activity-session/web";
import { activityOf } from "./activity.js";

/** When the newest event came. It is asked for once the row is seen. */
export function ActivityCell({ session }: { session: Session }) {
  const [place, isSeen] = useSeen();
  return <div ref={place}>{isSeen && <Newest session={session} />}</div>;
}

function Newest({ session }: { session: Session }) {
  const activity = activityOf(session).value;
  if (activity === "") return <span class="quiet">…</span>;
  if (activity === "none") return <span class="quiet">no events</span>;
  if (activity instanceof ActivitySessionError)
    return (
      <span class="refusal" dir="auto">
        not known: {activity.details}
      </span>
    );
  return (
    <>
      {ago(activity)}
      <small>
        <Time at={activity} />
      </small>
    </>
  );
}

function useSeen() {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      setSeen(true);
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return [place, isSeen] as const;
}
