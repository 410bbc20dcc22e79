//! LDAP directories: OpenLDAP and 389 Directory Server.
