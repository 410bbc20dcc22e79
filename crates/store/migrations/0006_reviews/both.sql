-- Sign-in -------------------------------------------------------------------------------------------------

-- Guests and packages -------------------------------------------------------------------------------------

-- Reviews -------------------------------------------------------------------------------------------------

-- Separation of duties ------------------------------------------------------------------------------------

-- Indexes for lists ---------------------------------------------------------------------------------------

-- Whether an entity is there stands in the index too: a page far in is found without looking at each entity before it.
DROP INDEX entity_type;
CREATE INDEX entity_type ON entity (type_no, id, absent_since);
