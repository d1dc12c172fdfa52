-- +goose Up

-- Entries are added, and never changed.
-- +goose StatementBegin
create trigger audit_entry_stays before update on audit_entry
begin select raise(abort, 'an entry of the audit log is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger audit_entry_remains before delete on audit_entry
begin select raise(abort, 'an entry of the audit log is never taken out'); end;
-- +goose StatementEnd

-- +goose Down
drop trigger audit_entry_remains;
drop trigger audit_entry_stays;
