#include "engine/http/url.h"

#include <gtest/gtest.h>

namespace tideway::http {
namespace {

TEST(ParseUrl, TakesAUrlApart) {
    const auto url = parse_url("HTTPS://Contoso.CRM.dynamics.com:8443/api/data?$top=1&x=%20#part");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host, "contoso.crm.dynamics.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->path, "/api/data");
    EXPECT_EQ(url->query, "$top=1&x=%20");
}

TEST(ParseUrl, FillsInPortAndPath) {
    const auto plain = parse_url("http://contoso.com?x=1");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->port, 80);
    EXPECT_EQ(plain->path, "/");
    EXPECT_EQ(plain->query, "x=1");
    EXPECT_EQ(parse_url("https://contoso.com")->port, 443);
}

TEST(ParseUrl, ReadsBracketedAddresses) {
    const auto url = parse_url("http://[2001:DB8::1]:80/");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "2001:db8::1");
    EXPECT_EQ(url->port, 80);
}

TEST(ParseUrl, RefusesWhatIsNoAbsoluteUrl) {
    for (const char* text : {
             "",
             "contoso.com",
             "/path",
             "://contoso.com",
             "https://",
             "https:///path",
             "https://contoso.com:0/",
             "https://contoso.com:65536/",
             "https://contoso.com:8a/",
             "https://user:secret@contoso.com/",
             "https://contoso.com\\@fabrikam.com/",
             "https://con toso.com/",
             "https://contoso.com/a b",
             "https://contoso.com/\r\nX: y",
             "https://[::1",
             "https://[contoso.com]/",
         }) {
        EXPECT_FALSE(parse_url(text)) << text;
    }
}

TEST(EncodeComponent, EncodesAllButUnreserved) {
    EXPECT_EQ(encode_component("Az09-._~"), "Az09-._~");
    EXPECT_EQ(encode_component("a b/ü?&=+"), "a%20b%2F%C3%BC%3F%26%3D%2B");
}

TEST(DecodeComponent, IsTheInverseAndKeepsStrayPercents) {
    EXPECT_EQ(decode_component("a%20b%2F%c3%BC"), "a b/ü");
    EXPECT_EQ(decode_component("100%"), "100%");
    EXPECT_EQ(decode_component("%zz%4"), "%zz%4");
    EXPECT_EQ(decode_component("%41"), "A");
    EXPECT_EQ(decode_component("a+b"), "a+b");
    EXPECT_EQ(decode_component("a+b", true), "a b");
}

TEST(Query, ReadsBackWhatItPrints) {
    const QueryFields fields = {{"$filter", "name eq 'A & B'"}, {"plus", "1+1"}, {"empty", ""}};
    EXPECT_EQ(print_query(fields), "%24filter=name%20eq%20%27A%20%26%20B%27&plus=1%2B1&empty=");
    EXPECT_EQ(parse_query(print_query(fields)), fields);
    EXPECT_EQ(parse_query(print_form(fields)), fields);
    EXPECT_EQ(print_form({{"a", "b c"}}), "a=b+c");
}

TEST(Query, AcceptsWhatPeopleWrite) {
    const QueryFields expected = {{"a", "1"}, {"b", ""}, {"c", "x=y"}};
    EXPECT_EQ(parse_query("&a=1&&b&c=x=y&"), expected);
}

TEST(QueryValue, FindsTheFirstDecoded) {
    EXPECT_EQ(query_value("sv=1.0&si%67=a%2Bb&sig=2", "sig"), "a+b");
    EXPECT_EQ(query_value("sv=1.0", "sig", "none"), "none");
    EXPECT_EQ(query_value("sig", "sig", "none"), "");
}

TEST(IsPrivateAddress, KnowsTheSpecialBlocks) {
    for (const char* address : {
             "0.0.0.0",
             "10.0.0.1",
             "100.64.0.1",
             "127.0.0.1",
             "127.255.255.255",
             "169.254.169.254",
             "172.16.0.1",
             "172.31.255.255",
             "192.168.1.1",
             "198.18.0.1",
             "224.0.0.1",
             "255.255.255.255",
             "::",
             "::1",
             "fe80::1",
             "fe80::1%eth0",
             "fec0::1",
             "fc00::1",
             "fdff::1",
             "ff02::1",
             "::ffff:10.0.0.1",
             "[::1]",
             "64:ff9b::10.0.0.1",
             "64:ff9b:1::1",
             "::127.0.0.1",
             "2002:0a00:1::1",
             "0:0:0:0:0:0:0:1",
             "::ffff:7f00:1",
         }) {
        EXPECT_TRUE(is_private_address(address)) << address;
    }
}

TEST(IsPrivateAddress, LetsPublicAddressesAndNamesPass) {
    for (const char* address : {
             "8.8.8.8",
             "9.255.255.255",
             "11.0.0.0",
             "100.128.0.0",
             "172.32.0.1",
             "192.167.255.255",
             "223.255.255.255",
             "2606:4700::1111",
             "::ffff:8.8.8.8",
             "64:ff9b::8.8.8.8",
             "contoso.com",
             "",
         }) {
        EXPECT_FALSE(is_private_address(address)) << address;
    }
}

}  // namespace
}  // namespace tideway::http
