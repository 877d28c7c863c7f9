using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Conversations of well-known protocols, for the prober of TCP.</summary>
internal static class Conversations
{
    /// <summary>The greeting of a mail server, HELO, and QUIT.</summary>
    /// <remarks>RFC 5321, sections 3.1 and 4.2: a reply may have many lines, of which the last has a blank after its code.
    /// </remarks>
    public static TcpProber Smtp(ProbeOptions options) => new(
        [
            new Exchange([], Reply("220")),
            new Exchange(Encoding.ASCII.GetBytes($"HELO {options.Host ?? "localhost"}\r\n"), Reply("250")),
        ],
        ProbeTls.Of(options), options.ServerName, farewell: "QUIT\r\n"u8.ToArray());

    /// <summary>PING. A server that asks for a password is at work; one that still loads its data is not.</summary>
    public static TcpProber Redis(ProbeOptions options) => new(
        [new Exchange("PING\r\n"u8.ToArray(), Expectation.Matching(@"^(\+PONG|-NOAUTH)[^\n]*\n", "\n"))],
        ProbeTls.Of(options), options.ServerName, farewell: "QUIT\r\n"u8.ToArray());

    /// <summary>The greeting of a file server, and QUIT; RFC 959, sections 4.2 and 5.4.</summary>
    public static TcpProber Ftp(ProbeOptions options) => Greeting(options, Reply("220"), "QUIT\r\n"u8);

    /// <summary>The greeting of a mailbox server, and LOGOUT; RFC 9051, section 7.1: BYE is a refusal.</summary>
    public static TcpProber Imap(ProbeOptions options) =>
        Greeting(options, Expectation.Matching(@"^\* (OK|PREAUTH)[^\n]*\n", "\n"), "a LOGOUT\r\n"u8);

    /// <summary>The greeting of a mailbox server, and QUIT; RFC 1939, section 4.</summary>
    public static TcpProber Pop3(ProbeOptions options) =>
        Greeting(options, Expectation.Matching(@"^\+OK[^\n]*\n", "\n"), "QUIT\r\n"u8);

    private static TcpProber Greeting(ProbeOptions options, Expectation greeting, ReadOnlySpan<byte> farewell) =>
        new([new Exchange([], greeting)], ProbeTls.Of(options), options.ServerName, farewell: farewell.ToArray());

    private static Expectation Reply(string code) => Expectation.Matching(PatternOf(code), PatternOf(@"\d{3}"));

    private static string PatternOf(string code) => $@"^({code}-[^\n]*\n)*{code}( [^\n]*)?\r?\n";
}
