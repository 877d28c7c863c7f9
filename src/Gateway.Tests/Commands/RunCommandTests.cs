using Gateway.Commands;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Commands;

/// <summary>What <c>gateway run</c> ends with.</summary>
public sealed class RunCommandTests
{
    [Theory]
    [InlineData(true, RunCommand.Broken)]
    [InlineData(false, 0)]
    public async Task ExitCode_AfterAStop_TellsWhetherALoopBroke(bool breaks, int expected)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHostedService(_ => new Loop(breaks));
        using var host = builder.Build();
        await host.StartAsync();
        if (!breaks)
        {
            host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }

        await host.WaitForShutdownAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(expected, RunCommand.ExitCode(host));
    }

    private sealed class Loop(bool breaks) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            if (breaks)
            {
                throw new InvalidOperationException("broken");
            }

            await Task.Delay(Timeout.Infinite, stoppingToken);
        }
    }
}
