CREATE TABLE department (id INTEGER PRIMARY KEY, code TEXT NOT NULL);
CREATE TABLE employee (
  number TEXT PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  mail TEXT,
  end_date DATE,
  department_id INTEGER REFERENCES department (id)
);
INSERT INTO department VALUES (1, 'CARE'), (2, 'SALES');
INSERT INTO employee VALUES
  ('1001', 'Ada', 'Lovelace', 'ada@tern.example', NULL, 1),
  ('1002', 'Bob', 'O''Brien', 'bob@tern.example', NULL, 2),
  ('1003', 'Cy', 'Young', NULL, '2020-01-31', 1);
