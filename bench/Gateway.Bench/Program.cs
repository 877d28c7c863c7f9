using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Gateway.Bench;

// dotnet run -c Release --project bench/Gateway.Bench [-- FILE.md] measures all and writes the table; with more arguments
// they are BenchmarkDotNet's own, such as --filter '*' --job short.
// Many iterations, each shorter than a time slice, so that the median is right also while other work shares the machine.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
    .WithInvocationCount(1).WithUnrollFactor(1).WithWarmupCount(8).WithIterationCount(25);
var config = ManualConfig.CreateMinimumViable()
    .AddJob(job)
    .WithOptions(ConfigOptions.DisableLogFile);
if (args.Length > 1)
{
    BenchmarkSwitcher.FromAssembly(typeof(BenchPool).Assembly).Run(args, config);
    return;
}

using var output = args is [var file] ? new StreamWriter(file) : Console.Out;
SchedulerTable.Write(
    output, BenchmarkRunner.Run<SchedulerBenchmarks>(config), BenchmarkRunner.Run<MaglevTableBenchmarks>(config));
