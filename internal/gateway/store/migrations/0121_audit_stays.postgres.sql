-- +goose Up

-- Entries are added, and never changed.
-- +goose StatementBegin
create function audit_entry_refuse() returns trigger language plpgsql as $$
begin raise exception 'an entry of the audit log is never changed or taken out'; end $$;
-- +goose StatementEnd
create trigger audit_entry_stays before update on audit_entry for each row execute function audit_entry_refuse();
create trigger audit_entry_remains before delete or truncate on audit_entry for each statement execute function audit_entry_refuse();

-- +goose Down
drop trigger audit_entry_remains on audit_entry;
drop trigger audit_entry_stays on audit_entry;
drop function audit_entry_refuse();
