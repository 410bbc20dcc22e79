//! The examples of RFC 7643 and RFC 7644.

use muster_scim::{
    Attribute, ListResponse, MakeMissing, Patch, ResourceType, Schema, ScimError, ServiceConfig,
    enterprise_user_schema, group_schema, user_schema,
};
use serde_json::{Value, json};

fn example(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc/");
    let text = std::fs::read_to_string(format!("{folder}{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn patched(resource: &mut Value, name: &str) {
    let patch = Patch::from_json(&example(name)).unwrap();
    assert_eq!(Patch::from_json(&patch.to_json()).unwrap(), patch);
    assert_eq!(Patch::from_json(&patch.to_entra_json()).unwrap(), patch);
    patch.apply(resource, MakeMissing::No).unwrap();
}

#[test]
fn every_schema_is_read_and_written_without_loss() {
    for name in [
        "8.7.1-schema-enterprise_user",
        "8.7.1-schema-group",
        "8.7.1-schema-user",
        "8.7.2-schema-resource_type",
    ] {
        let schema = Schema::from_json(&example(&format!("rfc7643-{name}"))).unwrap();
        assert!(!schema.attributes.is_empty());
        assert_eq!(Schema::from_json(&schema.to_json()).unwrap(), schema, "{name}");
    }
}

#[test]
fn our_schemas_have_the_attributes_of_the_rfc_with_their_types() {
    for (name, ours) in [
        ("enterprise_user", enterprise_user_schema()),
        ("group", group_schema()),
        ("user", user_schema()),
    ] {
        let theirs = Schema::from_json(&example(&format!("rfc7643-8.7.1-schema-{name}"))).unwrap();
        assert_eq!(ours.id, theirs.id);
        for attribute in &theirs.attributes {
            let found = ours.attribute(&attribute.name);
            let found = found.unwrap_or_else(|| unreachable_attribute(name, &attribute.name));
            assert_eq!(
                (found.kind, found.many),
                (attribute.kind, attribute.many),
                "{}",
                attribute.name
            );
            assert_eq!(found.mutability, attribute.mutability, "{}", attribute.name);
            assert_eq!(found.returned, attribute.returned, "{}", attribute.name);
        }
        assert_eq!(ours.attributes.len(), theirs.attributes.len(), "{name}");
    }
}

#[expect(clippy::panic, reason = "test code")]
fn unreachable_attribute<'a>(schema: &str, name: &str) -> &'a Attribute {
    panic!("{schema} has no {name}")
}

#[test]
fn resource_types_configuration_lists_and_errors_are_understood() {
    let user = ResourceType::from_json(&example("rfc7643-8.6-resource_type-user")).unwrap();
    assert_eq!((user.name.as_str(), user.endpoint.as_str()), ("User", "/Users"));
    assert_eq!(user.extensions.len(), 1);
    assert_eq!(ResourceType::from_json(&user.to_json()).unwrap(), user);
    let config = ServiceConfig::from_json(&example("rfc7643-8.5-service_provider_configuration"));
    assert!(config.patch && config.filter && config.etag && config.bulk);
    assert_eq!(config.most_results, Some(200));
    assert_eq!(ServiceConfig::from_json(&config.to_json()), config);
    let page =
        ListResponse::from_json(example("rfc7644-3.4.2-list_response-partial_attributes")).unwrap();
    assert_eq!((page.total, page.resources.len()), (Some(2), 2));
    assert_eq!(ListResponse::from_json(json!([1])).unwrap().resources.len(), 1);
    assert_eq!(ListResponse::from_json(json!({"error": "x"})), None);
    let error = ScimError::from_json(&example("rfc7644-3.12-error-bad_request"));
    assert_eq!((error.status, error.scim_type.as_deref()), (400, Some("mutability")));
    assert_eq!(ScimError::from_json(&error.to_json()), error);
    let older = json!({"Errors": [{"description": "no", "code": "409"}]});
    assert_eq!(ScimError::from_json(&older).status, 409);
}

#[test]
fn the_patch_examples_do_what_the_rfc_says() {
    let mut group = example("rfc7643-8.4-group");
    // The examples of PATCH print the ids of this group in a shortened form.
    for member in group["members"].as_array_mut().unwrap() {
        let id = member["value"].as_str().unwrap().to_owned();
        member["value"] = json!(format!("{}...{}", &id[..14], &id[24..]));
    }
    let ids = |group: &Value| -> Vec<String> {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap()[..4].to_owned()).collect()
    };
    assert_eq!(ids(&group), ["2819", "902c"]);
    patched(&mut group, "rfc7644-3.5.2.2-patch_op-remove_one_member");
    assert_eq!(ids(&group), ["902c"]);
    patched(&mut group, "rfc7644-3.5.2.1-patch_op-add_members");
    assert_eq!(ids(&group), ["902c", "2819"]);
    patched(&mut group, "rfc7644-3.5.2.2-patch_op-remove_all_members");
    assert!(ids(&group).is_empty());
    patched(&mut group, "rfc7644-3.5.2.3-patch_op-replace_all_members");
    assert_eq!(ids(&group).len(), 2);

    let mut user = example("rfc7643-8.2-user-full");
    patched(&mut user, "rfc7644-3.5.2.3-patch_op-replace_user_work_address");
    patched(&mut user, "rfc7644-3.5.2.3-patch_op-replace_street_address");
    let work = user["addresses"].as_array().unwrap().iter().find(|a| a["type"] == "work").unwrap();
    assert_eq!(work["streetAddress"], "1010 Broadway Ave");
    assert_eq!(user["addresses"].as_array().unwrap().len(), 2);
    patched(&mut user, "rfc7644-3.5.2.3-patch_op-replace_all_email_values");
    patched(&mut user, "rfc7644-3.5.2.1-patch_op-add_emails");
    assert!(user["emails"].as_array().unwrap().len() >= 2);
}
