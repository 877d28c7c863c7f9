using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Tests.Telemetry.AccessLogging;

/// <summary>Values look as .NET would write them.</summary>
public sealed class LineWriterTests
{
    [Fact]
    public void Milliseconds_AnyTime_AreRoundedToMicrosecondsWithoutZeros()
    {
        var random = new Random(1);
        for (var i = 0; i < 10_000; i++)
        {
            // Not halfway between two, where .NET rounds to the even one.
            var ticks = (random.NextInt64(1L << random.Next(50)) / 10 * 10) + random.Next(5);
            var expected = Math.Round(TimeSpan.FromTicks(ticks).TotalMilliseconds, 3).ToString(CultureInfo.InvariantCulture);

            Assert.Equal(expected, Write(to => to.PutMilliseconds(TimeSpan.FromTicks(ticks))));
        }

        Assert.Equal("0", Write(to => to.PutMilliseconds(TimeSpan.Zero)));
        Assert.Equal("1", Write(to => to.PutMilliseconds(TimeSpan.FromTicks(9_999))));
        Assert.Equal("0.001", Write(to => to.PutMilliseconds(TimeSpan.FromTicks(10))));
    }

    [Fact]
    public void Time_AnyOffset_IsUtc()
    {
        var random = new Random(2);
        for (var i = 0; i < 1000; i++)
        {
            var time = DateTimeOffset.UnixEpoch.AddMilliseconds(random.NextInt64(8_000_000_000_000)).ToOffset(TimeSpan.FromHours(random.Next(-9, 9)));
            var expected = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

            Assert.Equal(expected, Write(to => to.Put(time)));
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:65535")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1:65535")]
    [InlineData("2001:db8::1", "[2001:db8::1]:65535")]
    [InlineData("fe80:1111:2222:3333:4444:5555:6666:7777%4294967295", "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535")]
    public void EndPoint_AnyAddress_IsPlain(string address, string expected) =>
        Assert.Equal(expected, Write(to => to.PutEndPoint(IPAddress.Parse(address), 65535)));

    /// <summary>Longer than what it begins with, and piece by piece.</summary>
    [Fact]
    public void LongLine_IsWhole() =>
        Assert.Equal(new string('a', 20_000), Write(to =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                to.Put((byte)'a');
                to.Put("a");
            }
        }));

    [Fact]
    public void Json_EveryCharacter_IsEscapedAsDotNetDoes()
    {
        var options = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        for (var c = 0; c <= char.MaxValue; c++)
        {
            var path = $"/{(char)c}x";
            var line = Write(to => new JsonAccessLines(query: false).Write(
                new AccessRecord
                {
                    Time = DateTimeOffset.UnixEpoch,
                    Kind = AccessKind.Http,
                    Client = null,
                    ClientPort = 0,
                    Path = path,
                    Total = TimeSpan.Zero,
                    End = AccessEnd.Completed,
                },
                to));

            var expected = JsonSerializer.Serialize(path, options);
            Assert.Contains($"\"path\":{expected},", line, StringComparison.Ordinal);
        }
    }

    private static string Write(Action<LineWriter> write)
    {
        var line = new LineWriter();
        write(line);
        return Encoding.UTF8.GetString(line.Written);
    }
}
