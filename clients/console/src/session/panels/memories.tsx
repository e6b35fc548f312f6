import { MemoryType, type Memory } from "activity-session/v1/memory";
import { MemoryService } from "activity-session/v1/memory_service";
import { useState } from "preact/hooks";
import { memories } from "../../api.js";
import { CopyAs } from "../../copy/copy_as.js";
import { Text } from "../content/text.js";
import { useShared } from "../context.js";
import { Author } from "../conversation/author.js";
import { EventLink } from "../conversation/event_link.js";
import { Whole } from "../conversation/times.js";
import { PagedList } from "./list.js";

// A watch does not tell of memories, which are made at the end of a turn or later.
const MEMORIES_MS = 15_000;
const TYPES: Record<MemoryType, string> = {
  [MemoryType.UNSPECIFIED]: "memory",
  [MemoryType.OBSERVATION]: "observation",
  [MemoryType.INTEGRATION]: "integration",
};

/** What agents took away from the session, the newest first. */
export function Memories() {
  const { live } = useShared();
  const [showDeleted, setShowDeleted] = useState(false);
  const request = { parent: live.name, orderBy: "create_time desc", showDeleted };
  return (
    <>
      <label class="choice">
        <input type="checkbox" checked={showDeleted} onChange={({ currentTarget }) => setShowDeleted(currentTarget.checked)} /> Show deleted ones
      </label>
      <PagedList of={String(showDeleted)} everyMs={MEMORIES_MS} empty="No agent has made a memory of this session."
        load={async (page, signal) => {
          const { memories: rows, nextPageToken } = await memories.listMemories({ ...request, ...page }, { signal });
          return { rows, nextPageToken };
        }}
        row={(memory) => <Remembered key={memory.name} memory={memory} />} />
      <CopyAs method={MemoryService.method.listMemories} request={request} />
    </>
  );
}

function Remembered({ memory }: { memory: Memory }) {
  const { agent, memoryType, importance, content, memo, createTime, deleteTime, accessCount } = memory;
  return (
    <li class="memory">
      <div class="key-head">
        <Author name={agent} />
        <span class="quiet">{TYPES[memoryType]}, importance {importance}</span>
      </div>
      <Text id={`memory ${memory.name}`} text={content} />
      {memo && <p class="memo" dir="auto">{memo}</p>}
      <p class="quiet">
        <Source memory={memory} /> Made <Whole time={createTime} />, {recalled(accessCount)}.
        {deleteTime && <> Deleted <Whole time={deleteTime} />.</>}
      </p>
    </li>
  );
}

function recalled(count: bigint): string {
  if (!count) return "never recalled";
  return count === 1n ? "recalled once" : `recalled ${count} times`;
}

/** The events that a memory came from. */
function Source({ memory: { firstSequence: first, lastSequence: last } }: { memory: Memory }) {
  if (!first) return <>From no events.</>;
  if (first === last) return <>From event <EventLink at={Number(first)} />.</>;
  return <>From events <EventLink at={Number(first)} /> to <EventLink at={Number(last)} />.</>;
}
