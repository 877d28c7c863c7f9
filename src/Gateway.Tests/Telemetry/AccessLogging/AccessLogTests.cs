using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Telemetry.AccessLogging;

[Collection(MeasuredAlone.Name)]
public sealed partial class AccessLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-access").FullName;
    private readonly FakeTime _time = new();

    private string Log => Path.Combine(_directory, "access.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Stop_RecordsWaiting_AreWrittenInOrder()
    {
        using var log = await StartAsync(new AccessLogOptions { Path = Log });
        for (var i = 0; i < 5000; i++)
        {
            log.Write(Record(i));
        }

        await log.StopAsync(CancellationToken.None);

        var statuses = File.ReadLines(Log)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("attempts").GetInt32());
        Assert.Equal(Enumerable.Range(0, 5000), statuses);
        Assert.Equal((5000, 0), (log.Written, log.Dropped));
    }

    [Fact]
    public async Task Write_BufferFull_DropsAndCounts()
    {
        using var log = await StartAsync(new AccessLogOptions { Path = Log, Buffer = 10 });

        // The task that writes waits for the clock, which stands.
        for (var i = 0; i < 25; i++)
        {
            log.Write(Record(i));
        }

        Assert.Equal(15, log.Dropped);
        await log.StopAsync(CancellationToken.None);
        Assert.Equal(10, File.ReadLines(Log).Count());
        Assert.Equal(10, log.Written);
    }

    [Fact]
    public async Task Write_AfterStop_IsDropped()
    {
        using var log = await StartAsync(new AccessLogOptions { Path = Log });
        await log.StopAsync(CancellationToken.None);

        log.Write(Record(0));

        Assert.Equal(1, log.Dropped);
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_LinesAreStillBeingWritten_ThePlaceIsClosedAfterTheLast(bool isStopped)
    {
        const int Records = 2000; // More than a pipe takes.
        Pipe.Make(Log);
        var opening = Task.Run(() => new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
        var log = await StartAsync(new AccessLogOptions { Path = Log }, TimeProvider.System);
        await using var reader = await opening;
        for (var i = 0; i < Records; i++)
        {
            log.Write(Record(i));
        }

        if (isStopped)
        {
            await log.StopAsync(new CancellationToken(canceled: true));
        }

        log.Dispose();

        using var lines = new StreamReader(reader);
        var all = await Task.Run(lines.ReadToEnd).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(Records, all.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Write_DeviceFull_DropsAndGoesOn()
    {
        using var log = await StartAsync(new AccessLogOptions { Path = "/dev/full" });
        log.Write(Record(0));

        await log.StopAsync(CancellationToken.None);

        Assert.Equal((0, 1), (log.Written, log.Dropped));
    }

    [SmallDiskFact]
    public async Task Write_DiskBecomesFull_CountsWhatIsThere()
    {
        const int Records = 5000;
        using var disk = new SmallDisk(_directory);
        using var log = await StartAsync(new AccessLogOptions { Path = Log });
        for (var i = 0; i < Records; i++)
        {
            log.Write(Record(i));
        }

        await log.StopAsync(CancellationToken.None);

        var lines = File.ReadAllLines(Log);
        Assert.Equal(
            Enumerable.Range(0, lines.Length), lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("attempts").GetInt32()));
        Assert.InRange(lines.Length, 1, Records - 1);
        Assert.Equal((lines.Length, Records - lines.Length), (log.Written, log.Dropped));
    }

    [Fact]
    public async Task Hangup_FileWasRenamed_IsOpenedAgain()
    {
        using var log = await StartAsync(new AccessLogOptions { Path = Log, Format = AccessLogFormat.Text });
        File.Move(Log, Log + ".1");

        Assert.Equal(0, Kill(Environment.ProcessId, 1));
        log.Write(Record(0));
        await log.StopAsync(CancellationToken.None);

        Assert.Empty(File.ReadAllText(Log + ".1"));
        Assert.Single(File.ReadAllLines(Log));
    }

    [Fact]
    public async Task Metrics_LogEnabled_SayWrittenAndDropped()
    {
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            AccessLog = new AccessLogOptions { Enabled = true, Path = Log, Buffer = 1 },
        });
        var log = host.Get<AccessLog>();
        log.Write(Record(0));
        log.Write(Record(1));

        Assert.Contains("\ngateway_access_log_dropped_total 1\n", await host.ReadMetricsAsync(), StringComparison.Ordinal);
    }

    private static AccessRecord Record(int number) => new()
    {
        Time = DateTimeOffset.UnixEpoch,
        Kind = AccessKind.Http,
        Client = IPAddress.Loopback,
        ClientPort = 1,
        Total = TimeSpan.Zero,
        Attempts = number,
        End = AccessEnd.Completed,
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private async Task<AccessLog> StartAsync(AccessLogOptions options, TimeProvider? time = null)
    {
        var log = new AccessLog(options, time ?? _time, NullLogger<AccessLog>.Instance);
        await log.StartAsync(CancellationToken.None);
        return log;
    }
}
