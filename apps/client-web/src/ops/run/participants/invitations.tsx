import { runId } from "@fedtune/core";
import { formatCount, formatInstant } from "@fedtune/figures";
import type { ItemOf } from "@fedtune/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { Tag } from "../../../ui/tag.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { VisuallyHidden } from "../../../ui/visually-hidden.tsx";
import { keys } from "../../api/keys.ts";
import { InviteDialog } from "../../invite/invite-dialog.tsx";
import { LoadError } from "../../shell/load-error.tsx";
import { invitationsQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import { timeZone } from "../time-zone.ts";

type Invitation = ItemOf<"listEnrolmentTokens">;

/** Links that let people in: how often each was used, until when it works, and the end of it. */
export function Invitations({ reader, run }: RunTabProps) {
  const { data } = useQuery(invitationsQuery(reader));
  const [isInviting, setInviting] = useState(false);
  const revoke = useRevoke(reader, run.id);
  const rows = [...(data?.items ?? [])].reverse();
  const columns = columnsOf({
    revoke: revoke.mutate,
    busy: revoke.isPending ? revoke.variables : null,
  });
  return (
    <Card
      title="Invitations"
      subtitle="links and QR codes that let people in"
      padding="bare"
      actions={
        run.status === "running" ? (
          <Button size="small" icon={UserPlus} onClick={() => setInviting(true)}>
            Invite
          </Button>
        ) : undefined
      }
    >
      {revoke.error === null ? null : (
        <LoadError title="The invitation was not taken back" error={revoke.error} isUrgent />
      )}
      <DataTable
        {...{ caption: "Invitations, the latest first", columns, rows }}
        rowKey={({ id }) => id}
        empty={
          <Empty title="No invitation yet">A link or a QR code lets people join this run.</Empty>
        }
      />
      <InviteDialog run={isInviting ? run.id : null} onClose={() => setInviting(false)} />
    </Card>
  );
}

function useRevoke({ api }: RunTabProps["reader"], run: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => api.revokeEnrolmentToken({ params: { run: runId(run), token } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.invitations(run) }),
  });
}

interface Revoking {
  readonly revoke: (token: string) => void;
  readonly busy: string | null;
}

/** Why an invitation lets nobody in any more; null: it still does. */
function endOf({ revokedAt, expiresAt, uses, maxUses }: Invitation, nowMs: number): string | null {
  if (revokedAt !== null) return "taken back";
  if (maxUses !== null && uses >= maxUses) return "used up";
  return Date.parse(expiresAt) <= nowMs ? "expired" : null;
}

function columnsOf({ revoke, busy }: Revoking): readonly Column<Invitation>[] {
  const nowMs = Date.now();
  const at = (date: string): string => formatInstant(Date.parse(date), { timeZone, nowMs });
  return [
    { id: "for", header: "For", cell: ({ client }) => client ?? "anybody", phone: "title" },
    {
      ...{ id: "uses", header: "Used", align: "end", phone: "fact" },
      cell: ({ uses, maxUses }) =>
        maxUses === null ? formatCount(uses) : `${formatCount(uses)} of ${formatCount(maxUses)}`,
    },
    { id: "created", header: "Made", align: "end", cell: ({ createdAt }) => at(createdAt) },
    {
      id: "expires",
      header: "Works until",
      align: "end",
      phone: "fact",
      cell: ({ expiresAt }) => at(expiresAt),
    },
    {
      ...{ id: "end", align: "end", phone: "fact" },
      header: <VisuallyHidden>Take back</VisuallyHidden>,
      cell: (invitation) => {
        const end = endOf(invitation, nowMs);
        if (end !== null) return <Tag>{end}</Tag>;
        return (
          <Button
            size="small"
            kind="danger"
            isBusy={busy === invitation.id}
            onClick={() => {
              revoke(invitation.id);
            }}
          >
            Take back
          </Button>
        );
      },
    },
  ];
}
