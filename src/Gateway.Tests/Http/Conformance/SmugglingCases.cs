namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests that programs along the way have read in different ways. In each, <c>GET /evil</c> is in a place
/// where it is not a request.</summary>
/// <remarks>
/// After the known families: CL.TE, TE.CL, TE.TE and CL.CL (Linhart et al. 2005; Kettle, "HTTP Desync Attacks", 2019), line ends
/// and folding (RFC 9112, section 2.2 and 5.2), chunk framing (section 7.1), targets and hosts (section 3.2), white space in
/// odd places, and words in Connection.
/// </remarks>
internal static class SmugglingCases
{
    private const string Evil = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IEnumerable<string> All =>
    [
        .. BothLengths, .. Codings.Select(Coded), .. Lengths.Select(WithLength), .. Chunks.Select(Chunked), .. Heads,
        .. Connections.Select(connection => $"POST / HTTP/1.1\r\nHost: a\r\n{connection}\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}"),
    ];

    /// <summary>Both framings at once, in either order, and each alone in a version or method where it surprises.</summary>
    private static string[] BothLengths =>
    [
        $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: {Evil.Length + 5}\r\n\r\n0\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n0\r\n\r\n",
        $"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n0\r\n\r\n",
        $"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n0\r\n\r\n",
        $"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n0\r\n\r\n",
    ];

    /// <summary>Ways to write a transfer coding that one reader takes for chunked and another does not.</summary>
    private static string[] Codings =>
    [
        "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding:[\t]chunked", "Transfer-Encoding:\tchunked",
        "Transfer-Encoding:  chunked", "Transfer-Encoding: chunked ", "Transfer-Encoding: chunked\t", " Transfer-Encoding: chunked",
        "X: X\nTransfer-Encoding: chunked", "X: X\rTransfer-Encoding: chunked", "Transfer-Encoding\r\n : chunked",
        "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: 'chunked'",
        "Transfer-Encoding: chunk", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked;a=b", "Transfer-Encoding: CHUNKED",
        "transfer-encoding: chunked", "Transfer_Encoding: chunked", "Transfer-Encoding: \0chunked", "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: \u000bchunked", "Transfer-Encoding: \u00a0chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding:", "Transfer-Encoding: chunked, chunked", "Foo: bar\r\n\tTransfer-Encoding: chunked",
    ];

    /// <summary>Ways to write a length that readers disagree about; the body is longer or shorter for each.</summary>
    private static string[] Lengths =>
    [
        "Content-Length: 0\r\nContent-Length: {0}", "Content-Length: {0}\r\nContent-Length: 0", "Content-Length: {0}, {0}",
        "Content-Length: +{0}", "Content-Length: -{0}", "Content-Length: 0x{0}", "Content-Length: {0} 0", "Content-Length : {0}",
        "Content-Length: {0}abc", "Content-Length:\r\n {0}", "Content-Length: 0{0}", "Content-Length: {0}.0",
        "Content-Length: 99999999999999999999{0}", $"Content-Length: {new string('0', 300)}{{0}}", "Content-Length: \t{0}", "Content-Length: +0", "Content-Length:\0{0}", "Content_Length: {0}",
        "Content-Length: {0}\r\nContent-Length: {0}", "Content-Length: 1\r\n {0}", "X: y\nContent-Length: {0}",
    ];

    /// <summary>Chunked bodies whose framing readers disagree about.</summary>
    private static string[] Chunks =>
    [
        "0\r\nX: y\r\n\r\n", "0;a\r\n\r\n", "0 \r\n\r\n", "0\n\n", "0\r\n\n", "\r\n0\r\n\r\n", "0x0\r\n\r\n", "00\r\n\r\n", "+0\r\n\r\n", "-0\r\n\r\n",
        "1\r\nx0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "1\nx\n0\n\n", "1;\nx\r\n0\r\n\r\n", "1;a\0b\r\nx\r\n0\r\n\r\n", "g\r\n\r\n", "1\r\nx\r\n0\r\n",
        "10000000000000000\r\nx\r\n0\r\n\r\n", "00000000000000000000\r\n\r\n", "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n",
    ];

    private static string[] Heads =>
    [
        $"GET / HTTP/1.1\nHost: a\nContent-Length: {Evil.Length}\n\n{Evil}",
        $"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST http://a/ HTTP/1.1\r\nHost: b\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST /?{new string('x', 9000)} HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST /\0 HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.1 \r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST  / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.9\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST /\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\nExpect: 100-continue\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        $"POST /#{Evil[4..14]} HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length}\r\n\r\n{Evil}",
        "GET /#/../evil HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?#/evil HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/#@b/evil HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%0d%0aHost:%20a%0d%0a%0d%0aGET%20/evil HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\rGET /evil HTTP/1.1\r\rHost: a\r\r\r\n\r\n",
    ];

    /// <summary>Words that would make a careless proxy drop the framing with the headers of the hop.</summary>
    private static string[] Connections =>
        ["Connection: Content-Length", "Connection: close, Content-Length", "Connection: Host", "Connection: Transfer-Encoding, x"];

    private static string Coded(string coding) =>
        $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Evil.Length + 5}\r\n{coding}\r\n\r\n0\r\n\r\n{Evil}";

    private static string WithLength(string length) =>
        $"POST / HTTP/1.1\r\nHost: a\r\n{length.Replace("{0}", $"{Evil.Length}", StringComparison.Ordinal)}\r\n\r\n{Evil}";

    // What follows the end of such a body would be a request in its own right: it is cut off before it can be one.
    private static string Chunked(string chunks) =>
        $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}{Evil}";
}
