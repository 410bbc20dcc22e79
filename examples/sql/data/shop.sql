CREATE TABLE app_user (
  id INTEGER PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  mail TEXT,
  full_name TEXT,
  disabled_at TIMESTAMP
);
CREATE TABLE app_group (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE app_group_user (
  group_id INTEGER NOT NULL REFERENCES app_group (id),
  user_id INTEGER NOT NULL REFERENCES app_user (id),
  PRIMARY KEY (group_id, user_id)
);
INSERT INTO app_user (login, mail, full_name) VALUES ('1003', 'cy@old.example', 'Cy Young');
