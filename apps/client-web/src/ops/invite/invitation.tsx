import { writeJoinLink } from "@fedtune/client";
import { clientId, runId } from "@fedtune/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link as LinkIcon } from "lucide-react";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/copy.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Select } from "../../ui/select.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { durations, firstForm, inviteErrors } from "./invite-model.ts";
import type { Duration, InviteForm } from "./invite-model.ts";
import { words } from "./words.ts";
import styles from "./invitation.module.css";

interface InvitationProps {
  readonly run: string;
  readonly onClose: () => void;
}

/** The form for an invitation, then the invitation. */
export function Invitation({ run, onClose }: InvitationProps) {
  const api = useApi();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: ({ lasts, uses, client }: InviteForm) =>
      api.createEnrolmentToken({
        params: { run: runId(run) },
        body: {
          expiresInSeconds: durations[lasts],
          maxUses: uses.trim() === "" ? null : Number(uses),
          client: client.trim() === "" ? null : clientId(client.trim()),
        },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.invitations(run) }),
  });
  if (make.data === undefined) return <InviteFields make={make} />;
  const link = writeJoinLink({ url: location.origin, run: runId(run), token: make.data.secret });
  return <Made {...{ run, link, onClose }} onAnother={make.reset} />;
}

interface Making {
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly mutate: (form: InviteForm) => void;
}

const lengths = Object.entries(words.lastsFor).map(([value, label]) => ({
  ...{ value: value as Duration, label },
}));

function InviteFields({ make }: { readonly make: Making }) {
  const [form, setForm] = useState(firstForm);
  const [errors, setErrors] = useState<ReturnType<typeof inviteErrors>>({});
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = inviteErrors(form);
    setErrors(found);
    if (Object.keys(found).length === 0) make.mutate(form);
  };
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      <p>{words.lead}</p>
      {make.error === null ? null : <LoadError title={words.failed} error={make.error} isUrgent />}
      <Select
        label={words.lasts}
        value={form.lasts}
        options={lengths}
        onChange={(lasts) => {
          setForm({ ...form, lasts });
        }}
      />
      <TextField
        {...{ label: words.uses, help: words.usesHelp, error: errors.uses, value: form.uses }}
        onChange={(uses) => {
          setForm({ ...form, uses });
        }}
      />
      <TextField
        {...{
          label: words.client,
          help: words.clientHelp,
          error: errors.client,
          value: form.client,
        }}
        onChange={(client) => {
          setForm({ ...form, client });
        }}
      />
      <Button type="submit" kind="solid" icon={LinkIcon} isBusy={make.isPending}>
        {words.create}
      </Button>
    </form>
  );
}

interface MadeProps extends InvitationProps {
  readonly link: string;
  readonly onAnother: () => void;
}

function Made({ run, link, onClose, onAnother }: MadeProps) {
  return (
    <div className={styles["made"]}>
      <p>{words.made}</p>
      <output className={styles["link"]}>{link}</output>
      <div className={styles["code"]}>
        <QrCode text={link} label={words.qr(run)} size={184} />
      </div>
      <p className={styles["secret"]}>{words.secret}</p>
      <div className={styles["actions"]}>
        <Copy text={link} label={words.copy} />
        <Button onClick={onAnother}>{words.another}</Button>
        <Button kind="solid" onClick={onClose}>
          {words.close}
        </Button>
      </div>
    </div>
  );
}
