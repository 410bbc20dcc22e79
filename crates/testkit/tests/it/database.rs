//! PostgreSQL.

use muster_testkit::postgres;

#[tokio::test]
async fn two_databases_do_not_see_each_other() {
    let (a, b) = (postgres().unwrap(), postgres().unwrap());
    for database in [&a, &b] {
        let (client, connection) =
            tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute("CREATE TABLE t (n int)").await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    }
}
