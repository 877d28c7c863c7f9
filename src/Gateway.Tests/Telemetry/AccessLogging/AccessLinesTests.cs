using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Clusters;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Tests.Telemetry.AccessLogging;

public sealed class AccessLinesTests
{
    private const string Nasty = "a\"b\\c d\r\n{\"x\":1}\u001b[31m\u0085\u2028\ud800é";

    private static readonly AccessRecord _request = new()
    {
        Time = new DateTimeOffset(2030, 1, 1, 2, 0, 0, 5, TimeSpan.FromHours(2)),
        Kind = AccessKind.Http,
        Client = IPAddress.Parse("::ffff:192.0.2.7"),
        ClientPort = 50112,
        Listener = "0.0.0.0:8080",
        Route = "web",
        Cluster = "app",
        Destination = "a",
        Method = "GET",
        Host = "example.org",
        Path = "/cart",
        Query = "?token=secret",
        Status = 200,
        BytesIn = 412,
        BytesOut = 5120,
        Queue = TimeSpan.Zero,
        Connect = TimeSpan.FromMicroseconds(400),
        FirstByte = TimeSpan.FromMicroseconds(12_100.4),
        Total = TimeSpan.FromMicroseconds(12_900),
        Attempts = 2,
        End = AccessEnd.Completed,
        TraceId = ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"),
    };

    private static readonly AccessRecord _connection = new()
    {
        Time = DateTimeOffset.UnixEpoch,
        Kind = AccessKind.Tcp,
        Client = IPAddress.Parse("2001:db8::7"),
        ClientPort = 1,
        Listener = "smtp",
        Cluster = "mail",
        Total = TimeSpan.FromSeconds(3),
        End = AccessEnd.NoDestination,
    };

    [Fact]
    public void Json_Request_HasAllFields() => Assert.Equal(
        """
        {"time":"2030-01-01T00:00:00.005Z","kind":"http","client":"192.0.2.7","client_port":50112,"listener":"0.0.0.0:8080","route":"web","cluster":"app","destination":"a","method":"GET","host":"example.org","path":"/cart","status":200,"bytes_in":412,"bytes_out":5120,"queue_ms":0,"connect_ms":0.4,"first_byte_ms":12.1,"total_ms":12.9,"attempts":2,"end":"completed","trace_id":"0af7651916cd43dd8448eb211c80319c"}

        """,
        Json(_request));

    [Fact]
    public void Json_Connection_LeavesOutWhatItHasNot() => Assert.Equal(
        """
        {"time":"1970-01-01T00:00:00.000Z","kind":"tcp","client":"2001:db8::7","client_port":1,"listener":"smtp","cluster":"mail","bytes_in":0,"bytes_out":0,"queue_ms":0,"connect_ms":0,"first_byte_ms":0,"total_ms":3000,"attempts":0,"end":"no_destination"}

        """,
        Json(_connection));

    [Fact]
    public void Text_RequestAndConnection_HaveTheSameNumberOfFields()
    {
        Assert.Equal(
            "2030-01-01T00:00:00.005Z http 192.0.2.7:50112 0.0.0.0:8080 web app/a \"GET example.org /cart\" 200 412/5120 "
            + "0/0.4/12.1/12.9 2 completed 0af7651916cd43dd8448eb211c80319c\n",
            Text(_request));
        Assert.Equal(
            "1970-01-01T00:00:00.000Z tcp [2001:db8::7]:1 smtp - mail/- - - 0/0 0/0/0/3000 0 no_destination -\n",
            Text(_connection));
    }

    [Fact]
    public void Query_OnlyIfAsked_IsWritten()
    {
        Assert.DoesNotContain("secret", Json(_request), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Text(_request), StringComparison.Ordinal);
        Assert.Contains("\"query\":\"?token=secret\"", Json(_request, query: true), StringComparison.Ordinal);
        Assert.Contains("/cart?token=secret\"", Text(_request, query: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_WhatTheClientWrote_CannotForgeALine()
    {
        var line = Json(_request with { Path = Nasty, Host = Nasty, Method = Nasty, Route = Nasty });

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], char.IsControl);
        Assert.DoesNotContain('\u2028', line);
        using var parsed = JsonDocument.Parse(line);
        Assert.Equal(Nasty.Replace('\ud800', '\ufffd'), parsed.RootElement.GetProperty("path").GetString());
    }

    [Fact]
    public void Text_WhatTheClientWrote_CannotForgeAField()
    {
        var line = Text(_request with { Path = Nasty, Host = Nasty, Method = Nasty, Route = Nasty, Destination = Nasty });

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.All(line[..^1], c => Assert.InRange(c, ' ', '~'));
        Assert.Equal(15, line.Split(' ').Length);
        Assert.Equal(2, line.Count(c => c == '"'));
        Assert.Contains("a\\x22b\\x5cc\\x20d\\x0d\\x0a", line, StringComparison.Ordinal);
    }

    [Fact]
    public void From_EveryFailureReason_IsTheSameWord()
    {
        // An answer of a bad status counts against the destination, and was sent whole all the same.
        Assert.Equal(AccessEnd.Completed, AccessEnds.From(FailureReason.BadStatus));
        foreach (var reason in Enum.GetValues<FailureReason>().Where(reason => reason != FailureReason.BadStatus))
        {
            Assert.Equal(Words.Of(reason), Words.Of(AccessEnds.From(reason)));
        }
    }

    private static string Json(AccessRecord record, bool query = false) => Write(new JsonAccessLines(query), record);
    private static string Text(AccessRecord record, bool query = false) => Write(new TextAccessLines(query), record);

    private static string Write(IAccessLines lines, AccessRecord record)
    {
        var line = new LineWriter();
        lines.Write(record, line);
        return Encoding.UTF8.GetString(line.Written);
    }
}
